# SPDX-License-Identifier: BSD-2-Clause
#
# Completion of topo's command line for bash. Commands, options, boards, checks, systems and VMs
# are asked of topo itself, so that nothing here goes out of date. Candidates are lines of text
# that nothing expands: a file may be called what it likes.

# Of `topo --help` or `topo COMMAND --help`: the first words of the lines that list something.
_topo_commands() {
	"$1" --help 2> /dev/null | sed -n 's/^  \([a-z][a-z-]*\)  *.*/\1/p'
	"$1" --help 2> /dev/null | grep -oE '`topo [a-z]+` is' | grep -oE ' [a-z]+`' | tr -d ' `'
	printf '%s\n' --help --version
}

_topo_topics() {
	"$1" help 2> /dev/null | sed -n 's/^  \([a-z][a-z-]*\)  *.*/\1/p'
}

_topo_options() {
	"$1" "$2" --help 2> /dev/null | sed -nE 's/^ {2,6}(-[A-Za-z], )?(--[a-z][a-z-]*).*/\2/p'
}

# The words that option $3 of command $2 takes, where --help lists them.
_topo_choices() {
	"$1" "$2" --help 2> /dev/null |
		awk -v option="$3" '($1 == option || $1 == option "," || $2 == option) &&
			match($0, /--[a-z-]+ [a-z]+(\|[a-z]+)+/) {
				print substr($0, index($0, "--"), RLENGTH) }' |
		sed 's/^[^ ]* //; s/|/\n/g'
}

_topo_boards() {
	"$1" check --help 2> /dev/null |
		sed -nE 's/ \(default\)//; s/^ *--board NAME *the board: //p' |
		sed -E 's/(, | or )/\n/g'
}

_topo_checks() {
	"$1" check --list 2> /dev/null | sed -nE 's/^([a-z][a-z0-9-]*) \(.*/\1/p'
}

_topo_systems() {
	"$1" ps 2> /dev/null | sed -n 's/^\([^ ][^:]*\): .*/\1/p'
}

_topo_vms() {
	"$1" ps 2> /dev/null | sed -n 's/^  VM \([^ ]*\) .*/\1/p'
}

# A word as the shell will read it, quotes and backslashes removed.
_topo_unquoted() {
	local word=$1

	case $word in
	\"* | \'*) word=${word:1} ;;
	esac
	case $word in
	\~/*) word=$HOME${word:1} ;;
	esac
	printf '%s\n' "${word//\\/}"
}

# Names of files that end as one of $2… says, and directories.
_topo_files() {
	local name ending

	while IFS= read -r name; do
		if [ -d "$name" ]; then
			printf '%s\n' "$name"
			continue
		fi
		for ending in "${@:2}"; do
			[[ $name != *"$ending" ]] || printf '%s\n' "$name"
		done
	done < <(compgen -f -- "$1")
}

# Candidates for the argument of option $3 of command $2 that begins with $4; status 1: the option
# takes none that is known.
_topo_argument() {
	case $3 in
	--off | --explain) _topo_checks "$1" ;;
	--board) _topo_boards "$1" ;;
	-n | --name) [[ $2 =~ ^(run|up)$ ]] || _topo_systems "$1" ;;
	-I | --include | --log-dir) compgen -d -- "$4" ;;
	-o | --output) compgen -f -- "$4" ;;
	-D | --define | --cpus | --qemu-arg | --tail | --since | --timeout | --assert | --address | --to | --interval | --count) ;;
	-t) [ "$2" != exec ] ;;
	-*) _topo_choices "$1" "$2" "$3" | grep . ;;
	*) return 1 ;;
	esac
}

# Whether the argument of option $1 is a file: bash quotes these.
_topo_takes_file() {
	[[ $1 =~ ^(-I|--include|--log-dir|-o|--output)$ ]]
}

# Candidates for what stands by itself, $3 being its beginning.
_topo_operand() {
	case $2 in
	console | cp | logs | exec | inspect | port | screenshot | start | restart | wait) _topo_vms "$1" ;;
	ps | stop | down | events | stats | top) _topo_systems "$1" ;;
	help) _topo_topics "$1" ;;
	init) compgen -d -- "$3" ;;
	verify) _topo_files "$3" .img .camkes ;;
	*) _topo_files "$3" .camkes ;;
	esac
}

# Put the lines of standard input that begin with $2 into COMPREPLY, behind $1.
_topo_reply() {
	local line

	while IFS= read -r line; do
		[[ $line != "$2"* ]] || COMPREPLY+=("$1$line")
	done < <(sort -u)
}

# Whether the word at hand belongs to the command that `topo exec VM --` runs.
_topo_foreign() {
	local i

	[ "${COMP_WORDS[1]-}" = exec ] || return 1
	for ((i = 2; i < COMP_CWORD; i++)); do
		[ "${COMP_WORDS[i]}" != -- ] || return 0
	done
	return 1
}

_topo() {
	local topo=${1/#\~/$HOME} command=${COMP_WORDS[1]-} word=${COMP_WORDS[COMP_CWORD]}
	local before=${COMP_WORDS[COMP_CWORD - 1]} kept='' files='' words

	COMPREPLY=()
	# bash takes = for a word of its own, unless it is told not to.
	if [ "$word" = = ]; then
		word=
	elif [ "$before" = = ] && [ "$COMP_CWORD" -gt 2 ]; then
		before=${COMP_WORDS[COMP_CWORD - 2]}
	elif [[ $word == --*=* ]]; then
		before=${word%%=*}
		kept=$before=
		word=${word#*=}
	fi
	if [ "$before" = --off ] && [[ $word == *,* ]]; then
		kept+=${word%,*},
		word=${word##*,}
	fi
	word=$(_topo_unquoted "$word")
	if [ "$COMP_CWORD" -eq 1 ]; then
		words=$(_topo_commands "$topo")
	elif _topo_foreign; then
		return
	elif words=$(_topo_argument "$topo" "$command" "$before" "$word"); then
		! _topo_takes_file "$before" || files=yes
	elif [[ $word == -* ]]; then
		words=$(_topo_options "$topo" "$command")
	else
		words=$(_topo_operand "$topo" "$command" "$word")
		[[ $command =~ ^(console|logs|exec|inspect|port|screenshot|start|restart|wait|ps|stop|down|events|stats|top|help)$ ]] || files=yes
	fi
	[ -z "$words" ] || _topo_reply "$kept" "$word" <<< "$words"
	# Has bash quote them, and put a / behind directories.
	[ -z "$files" ] || compopt -o filenames 2> /dev/null || true
}

complete -F _topo topo
