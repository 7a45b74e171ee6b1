# SPDX-License-Identifier: BSD-2-Clause
#
# Completion of topo's command line for fish. All words are asked of topo itself, as topo.bash does.

# Of what `topo … --help` prints: options with what they do, words that one takes, commands.
function __topo_options
    set -l words (commandline -opc)
    $words[1] $words[2] --help 2>/dev/null |
        string replace -rf '^ {2,6}(?:-[A-Za-z], )?(--[a-z][a-z-]*)(?: \S+)? +(\S.*)$' '$1\t$2'
end

function __topo_choices
    set -l words (commandline -opc)
    $words[1] $words[2] --help 2>/dev/null |
        string replace -rf -- "^ *(?:-[A-Za-z], )?--"(string trim -l -c - -- $argv[1])" ([a-z]+(?:\|[a-z]+)+) .*" '$1' |
        string split '|'
end

function __topo_listed
    set -l words (commandline -opc)
    $words[1] $argv 2>/dev/null | string replace -rf '^  ([a-z][a-z-]*) +(\S.*)$' '$1\t$2'
end

function __topo_systems
    set -l words (commandline -opc)
    $words[1] ps 2>/dev/null | string replace -rf '^([^ :]+): .*' '$1'
end

function __topo_vms
    set -l words (commandline -opc)
    $words[1] ps 2>/dev/null | string replace -rf '^  VM (\S+) .*' '$1'
end

function __topo_checks
    set -l words (commandline -opc)
    $words[1] check --list 2>/dev/null | string replace -rf '^([a-z][a-z0-9-]+) \(.*' '$1'
end

function __topo_boards
    set -l words (commandline -opc)
    $words[1] check --help 2>/dev/null | string replace -rf '^ *--board NAME *the board: ' '' |
        string replace ' (default)' '' | string replace ' or ' ', ' | string split ', '
end

# Names that begin with $argv[1] of files that end as one of the others says, and of directories.
function __topo_files
    __fish_complete_path $argv[1] | string replace -r '\t.*' '' |
        string match -r -- '^.*(?:/|\.(?:'(string join '|' -- $argv[2..])'))$'
end

# Candidates for the word at hand, of a command and the word before it.
function __topo_candidates
    set -l words (commandline -opc)
    set -l word (commandline -ct)
    if test (count $words) -eq 1
        __topo_listed --help
        $words[1] --help 2>/dev/null | string match -rag '`topo ([a-z]+)` is'
        printf '%s\n' --help --version
        return
    end
    if test $words[2] = exec; and contains -- -- $words
        return
    end
    switch $words[-1]
        case --off --explain
            __topo_checks
            return
        case --board
            __topo_boards
            return
        case -n --name
            contains -- $words[2] run up; or __topo_systems
            return
        case -I --include --log-dir
            __fish_complete_directories $word
            return
        case -o --output
            __fish_complete_path $word
            return
        case -D --define --cpus --qemu-arg --tail --since --timeout --assert --address --to --interval --count
            return
        case -t
            test $words[2] = exec; or return
        case '--*'
            set -l choices (__topo_choices $words[-1])
            if test (count $choices) -gt 0
                printf '%s\n' $choices
                return
            end
        case -f -p -u
            set -l long (__topo_options | string match -r -- '^--(?:format|pattern|until)')
            set -l choices (__topo_choices $long)
            if test (count $choices) -gt 0
                printf '%s\n' $choices
                return
            end
    end
    if string match -q -- '-*' $word
        __topo_options
        return
    end
    switch $words[2]
        case console cp logs exec inspect port screenshot start restart wait
            __topo_vms
        case ps stop down events stats top
            __topo_systems
        case help
            __topo_listed help
        case init
            __fish_complete_directories $word
        case verify
            __topo_files $word img camkes
        case '*'
            __topo_files $word camkes
    end
end

complete -c topo -f -a '(__topo_candidates)'
