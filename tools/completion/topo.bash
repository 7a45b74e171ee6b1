# SPDX-License-Identifier: BSD-2-Clause
#
# Completion of topo's command line for bash (and for zsh, after `autoload bashcompinit &&
# bashcompinit`). Commands, options, checks, systems and VMs are asked of topo itself, so that
# nothing here goes out of date.

# Words of `topo --help` or `topo COMMAND --help`: commands, or long options.
_topo_commands() {
	"$1" --help 2> /dev/null | sed -n 's/^  \([a-z][a-z-]*\)  *.*/\1/p'
}

_topo_options() {
	"$1" "$2" --help 2> /dev/null | grep -oE '(^|[ ,[|])--[a-z][a-z-]*' | tr -d ' ,[|' | sort -u
}

_topo_checks() {
	"$1" check --list 2> /dev/null | sed 's/ .*//'
}

_topo_systems() {
	"$1" ps 2> /dev/null | sed -n 's/^\([^ ][^:]*\): .*/\1/p'
}

_topo_vms() {
	"$1" ps 2> /dev/null | sed -n 's/^  VM \([^ ]*\) .*/\1/p'
}

# Names of files that end as $2 says, and directories.
_topo_files() {
	local name
	compgen -d -S / -- "$1"
	compgen -f -- "$1" | while read -r name; do
		[ -d "$name" ] || [[ $name != *$2 ]] || printf '%s\n' "$name"
	done
}

# Words for the argument of option $3 of command $2, or nothing if it takes none that is known.
_topo_argument() {
	case $3 in
	--off | --explain)
		[ "$3" = --off ] || [ "$2" = check ] || return 1
		_topo_checks "$1"
		;;
	--board) printf '%s\n' qemu-virt rpi4 ;;
	-n | --name) [ "$2" = run ] || _topo_systems "$1" ;;
	-f | --format)
		case $2 in
		graph) printf '%s\n' svg png pdf dot ;;
		export) printf '%s\n' camkes json ;;
		report) printf '%s\n' text json html ;;
		*) return 1 ;;
		esac
		;;
	-I | --include | --log-dir) compgen -d -S / -- "$4" ;;
	-o | --output) compgen -f -- "$4" ;;
	-D | --define | --cpus | --qemu-arg | -t | --timeout | --assert) ;;
	*) return 1 ;;
	esac
}

_topo() {
	local topo=$1 word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
	local command=${COMP_WORDS[1]-} words i

	if [ "$COMP_CWORD" -eq 1 ]; then
		words="$(_topo_commands "$topo") --help --version"
	elif [ "$command" = exec ] && for ((i = 2; i < COMP_CWORD; i++)); do
		[ "${COMP_WORDS[i]}" != -- ] || break
	done && [ "$i" -lt "$COMP_CWORD" ]; then
		words= # a command line of the VM's
	elif words=$(_topo_argument "$topo" "$command" "$before" "$word"); then
		:
	elif [[ $word == -* ]]; then
		words=$(_topo_options "$topo" "$command")
	else
		case $command in
		console | logs | exec) words=$(_topo_vms "$topo") ;;
		ps | stop) words=$(_topo_systems "$topo") ;;
		verify) words=$(_topo_files "$word" .camkes; _topo_files "$word" .img) ;;
		*) words=$(_topo_files "$word" .camkes) ;;
		esac
	fi
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word" | sort -u)
	# A directory is the beginning of a name.
	if [ "${#COMPREPLY[@]}" -eq 1 ] && [[ ${COMPREPLY[0]} == */ ]]; then
		compopt -o nospace 2> /dev/null || true
	fi
}

complete -F _topo topo
