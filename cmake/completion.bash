# bash completion for labelqa: commands, options and files. The program knows the words.
_labelqa() {
  local current=${COMP_WORDS[COMP_CWORD]} words
  if [ "$COMP_CWORD" -eq 1 ]; then
    words="$("${COMP_WORDS[0]}" __commands 2>/dev/null) --help --version"
  elif [[ $current == -* ]]; then
    words=$("${COMP_WORDS[0]}" __words "${COMP_WORDS[1]}" 2>/dev/null)
  elif [ "${COMP_WORDS[1]}" = checks ]; then
    words=$("${COMP_WORDS[0]}" checks 2>/dev/null | sed -n 's/^\([a-z-]*\)  *\(error\|warn\|info\) .*/\1/p' |
      sort -u)
  fi
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
  if [ -z "$words" ]; then
    mapfile -t COMPREPLY < <(compgen -f -- "$current")
  fi
}
complete -o filenames -F _labelqa labelqa
