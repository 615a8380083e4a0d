/**
 * The scripts that connect a shell with `bazar --completions=SHELL WORD…`, which prints one offer a
 * line, or `:files` if the shell must complete a path.
 */

export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

/** Printed instead of offers. */
export const filesMark = ':files';

const bash = `# Completion of bazar for bash: bazar completion bash >> ~/.bashrc
_bazar_completions() {
  local IFS=$'\\n' current="\${COMP_WORDS[COMP_CWORD]}"
  COMPREPLY=($(bazar --completions=bash "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null))
  if [[ "\${COMPREPLY[0]}" == "${filesMark}" ]]; then
    [[ "$current" == "=" ]] && current=""
    COMPREPLY=()
    compopt -o default 2>/dev/null || COMPREPLY=($(compgen -f -- "$current"))
  fi
}
complete -F _bazar_completions bazar
`;

const zsh = `#compdef bazar
# Completion of bazar for zsh: bazar completion zsh >> ~/.zshrc, after compinit
_bazar() {
  local -a offers
  offers=("\${(@f)$(bazar --completions=zsh "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ "$offers[1]" == "${filesMark}" ]]; then
    compset -P '--*='
    _files
  elif [[ -n "$offers[1]" ]]; then
    _describe 'bazar' offers
  fi
}
if [[ "\${zsh_eval_context[-1]}" == loadautofunc ]]; then
  _bazar "$@"
else
  compdef _bazar bazar
fi
`;

const fish = `# Completion of bazar for fish: bazar completion fish > ~/.config/fish/completions/bazar.fish
function __bazar_completions
    set -l words (commandline -opc)
    set -e words[1]
    set -l current (commandline -ct)
    set -l offers (bazar --completions=fish $words "$current" 2>/dev/null)
    if test "$offers[1]" = "${filesMark}"
        __fish_complete_path "$current"
    else
        string join \\n -- $offers
    end
end
complete -c bazar -f -a '(__bazar_completions)'
`;

export const scripts: Readonly<Record<Shell, string>> = { bash, zsh, fish };

export function isShell(name: string): name is Shell {
  return shells.some((one) => one === name);
}
