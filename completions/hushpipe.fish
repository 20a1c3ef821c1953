# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_hushpipe_global_optspecs
    string join \n manifest= project= h/help V/version
end

function __fish_hushpipe_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_hushpipe_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_hushpipe_using_subcommand
    set -l cmd (__fish_hushpipe_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c hushpipe -n "__fish_hushpipe_needs_command" -l manifest -d 'Read this project manifest in addition to your own' -r -F
complete -c hushpipe -n "__fish_hushpipe_needs_command" -l project -d 'Read DIR/hushpipe.toml in addition to your own' -r -F
complete -c hushpipe -n "__fish_hushpipe_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c hushpipe -n "__fish_hushpipe_needs_command" -s V -l version -d 'Print version'
complete -c hushpipe -n "__fish_hushpipe_needs_command" -f -a "init" -d 'Create your manifest and record this machine\'s runtimes and PATH'
complete -c hushpipe -n "__fish_hushpipe_needs_command" -f -a "lock" -d 'Resolve the packages of the manifest and write hushpipe.lock'
complete -c hushpipe -n "__fish_hushpipe_needs_command" -f -a "sync" -d 'Install what hushpipe.lock lists, and record this machine again'
complete -c hushpipe -n "__fish_hushpipe_needs_command" -f -a "secret" -d 'Store, read, list, remove and test secrets'
complete -c hushpipe -n "__fish_hushpipe_needs_command" -f -a "trust" -d 'Accept the servers of a project manifest, so that they can be installed and started'
complete -c hushpipe -n "__fish_hushpipe_needs_command" -f -a "check" -d 'Check the manifest, the lockfile, the installs and the secret references'
complete -c hushpipe -n "__fish_hushpipe_needs_command" -f -a "doctor" -d 'Find what stops servers from working on this machine, and how to fix it'
complete -c hushpipe -n "__fish_hushpipe_needs_command" -f -a "run" -d 'Start a server and relay its messages: the command for a client\'s configuration'
complete -c hushpipe -n "__fish_hushpipe_needs_command" -f -a "list" -d 'List the servers of the manifest'
complete -c hushpipe -n "__fish_hushpipe_needs_command" -f -a "explain" -d 'Show what `run` would start: arguments, environment, secret references, protections'
complete -c hushpipe -n "__fish_hushpipe_needs_command" -f -a "verify" -d 'Hash every installed file and compare it with the lock'
complete -c hushpipe -n "__fish_hushpipe_needs_command" -f -a "tools" -d 'List the tools of a server'
complete -c hushpipe -n "__fish_hushpipe_needs_command" -f -a "call" -d 'Call a tool of a server'
complete -c hushpipe -n "__fish_hushpipe_needs_command" -f -a "redact" -d 'Redact stdin to stdout, by the same rules as a server\'s messages'
complete -c hushpipe -n "__fish_hushpipe_needs_command" -f -a "why" -d 'Show why something was withheld: the latest findings, and how to allow one'
complete -c hushpipe -n "__fish_hushpipe_needs_command" -f -a "schema" -d 'Print the JSON Schema of hushpipe.toml'
complete -c hushpipe -n "__fish_hushpipe_needs_command" -f -a "completions" -d 'Print a completion script for a shell'
complete -c hushpipe -n "__fish_hushpipe_needs_command" -f -a "man" -d 'Print the manual page'
complete -c hushpipe -n "__fish_hushpipe_needs_command" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c hushpipe -n "__fish_hushpipe_using_subcommand init" -l manifest -d 'Read this project manifest in addition to your own' -r -F
complete -c hushpipe -n "__fish_hushpipe_using_subcommand init" -l project -d 'Read DIR/hushpipe.toml in addition to your own' -r -F
complete -c hushpipe -n "__fish_hushpipe_using_subcommand init" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c hushpipe -n "__fish_hushpipe_using_subcommand lock" -l manifest -d 'Read this project manifest in addition to your own' -r -F
complete -c hushpipe -n "__fish_hushpipe_using_subcommand lock" -l project -d 'Read DIR/hushpipe.toml in addition to your own' -r -F
complete -c hushpipe -n "__fish_hushpipe_using_subcommand lock" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c hushpipe -n "__fish_hushpipe_using_subcommand sync" -l manifest -d 'Read this project manifest in addition to your own' -r -F
complete -c hushpipe -n "__fish_hushpipe_using_subcommand sync" -l project -d 'Read DIR/hushpipe.toml in addition to your own' -r -F
complete -c hushpipe -n "__fish_hushpipe_using_subcommand sync" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c hushpipe -n "__fish_hushpipe_using_subcommand secret; and not __fish_seen_subcommand_from set get list remove rekey forget test help" -l manifest -d 'Read this project manifest in addition to your own' -r -F
complete -c hushpipe -n "__fish_hushpipe_using_subcommand secret; and not __fish_seen_subcommand_from set get list remove rekey forget test help" -l project -d 'Read DIR/hushpipe.toml in addition to your own' -r -F
complete -c hushpipe -n "__fish_hushpipe_using_subcommand secret; and not __fish_seen_subcommand_from set get list remove rekey forget test help" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c hushpipe -n "__fish_hushpipe_using_subcommand secret; and not __fish_seen_subcommand_from set get list remove rekey forget test help" -f -a "set" -d 'Store a value: typed at a hidden prompt, or from stdin'
complete -c hushpipe -n "__fish_hushpipe_using_subcommand secret; and not __fish_seen_subcommand_from set get list remove rekey forget test help" -f -a "get" -d 'Write a value to stdout, after a person has typed its name at the terminal'
complete -c hushpipe -n "__fish_hushpipe_using_subcommand secret; and not __fish_seen_subcommand_from set get list remove rekey forget test help" -f -a "list" -d 'List what is stored: references, lengths and dates, no values'
complete -c hushpipe -n "__fish_hushpipe_using_subcommand secret; and not __fish_seen_subcommand_from set get list remove rekey forget test help" -f -a "remove" -d 'Remove a stored value'
complete -c hushpipe -n "__fish_hushpipe_using_subcommand secret; and not __fish_seen_subcommand_from set get list remove rekey forget test help" -f -a "rekey" -d 'Re-encrypt hushpipe\'s own store with the key that the manifest names'
complete -c hushpipe -n "__fish_hushpipe_using_subcommand secret; and not __fish_seen_subcommand_from set get list remove rekey forget test help" -f -a "forget" -d 'Empty the cache of values kept between launches'
complete -c hushpipe -n "__fish_hushpipe_using_subcommand secret; and not __fish_seen_subcommand_from set get list remove rekey forget test help" -f -a "test" -d 'Fetch a server\'s secrets and report each result, without showing a value'
complete -c hushpipe -n "__fish_hushpipe_using_subcommand secret; and not __fish_seen_subcommand_from set get list remove rekey forget test help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c hushpipe -n "__fish_hushpipe_using_subcommand secret; and __fish_seen_subcommand_from set" -l unwrap -d 'Read a wrapping token, and store what this `vault` provider unwraps from it' -r
complete -c hushpipe -n "__fish_hushpipe_using_subcommand secret; and __fish_seen_subcommand_from set" -l manifest -d 'Read this project manifest in addition to your own' -r -F
complete -c hushpipe -n "__fish_hushpipe_using_subcommand secret; and __fish_seen_subcommand_from set" -l project -d 'Read DIR/hushpipe.toml in addition to your own' -r -F
complete -c hushpipe -n "__fish_hushpipe_using_subcommand secret; and __fish_seen_subcommand_from set" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c hushpipe -n "__fish_hushpipe_using_subcommand secret; and __fish_seen_subcommand_from get" -l manifest -d 'Read this project manifest in addition to your own' -r -F
complete -c hushpipe -n "__fish_hushpipe_using_subcommand secret; and __fish_seen_subcommand_from get" -l project -d 'Read DIR/hushpipe.toml in addition to your own' -r -F
complete -c hushpipe -n "__fish_hushpipe_using_subcommand secret; and __fish_seen_subcommand_from get" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c hushpipe -n "__fish_hushpipe_using_subcommand secret; and __fish_seen_subcommand_from list" -l manifest -d 'Read this project manifest in addition to your own' -r -F
complete -c hushpipe -n "__fish_hushpipe_using_subcommand secret; and __fish_seen_subcommand_from list" -l project -d 'Read DIR/hushpipe.toml in addition to your own' -r -F
complete -c hushpipe -n "__fish_hushpipe_using_subcommand secret; and __fish_seen_subcommand_from list" -l json -d 'Write JSON'
complete -c hushpipe -n "__fish_hushpipe_using_subcommand secret; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c hushpipe -n "__fish_hushpipe_using_subcommand secret; and __fish_seen_subcommand_from remove" -l manifest -d 'Read this project manifest in addition to your own' -r -F
complete -c hushpipe -n "__fish_hushpipe_using_subcommand secret; and __fish_seen_subcommand_from remove" -l project -d 'Read DIR/hushpipe.toml in addition to your own' -r -F
complete -c hushpipe -n "__fish_hushpipe_using_subcommand secret; and __fish_seen_subcommand_from remove" -s y -l yes -d 'Do not ask for confirmation'
complete -c hushpipe -n "__fish_hushpipe_using_subcommand secret; and __fish_seen_subcommand_from remove" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c hushpipe -n "__fish_hushpipe_using_subcommand secret; and __fish_seen_subcommand_from rekey" -l from -d 'Where the old key is: `file:///path`, `keychain://account`, `systemd-credential://name` or `passphrase-file:///path`; without it the file `local.key` beside the manifest' -r
complete -c hushpipe -n "__fish_hushpipe_using_subcommand secret; and __fish_seen_subcommand_from rekey" -l manifest -d 'Read this project manifest in addition to your own' -r -F
complete -c hushpipe -n "__fish_hushpipe_using_subcommand secret; and __fish_seen_subcommand_from rekey" -l project -d 'Read DIR/hushpipe.toml in addition to your own' -r -F
complete -c hushpipe -n "__fish_hushpipe_using_subcommand secret; and __fish_seen_subcommand_from rekey" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c hushpipe -n "__fish_hushpipe_using_subcommand secret; and __fish_seen_subcommand_from forget" -l manifest -d 'Read this project manifest in addition to your own' -r -F
complete -c hushpipe -n "__fish_hushpipe_using_subcommand secret; and __fish_seen_subcommand_from forget" -l project -d 'Read DIR/hushpipe.toml in addition to your own' -r -F
complete -c hushpipe -n "__fish_hushpipe_using_subcommand secret; and __fish_seen_subcommand_from forget" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c hushpipe -n "__fish_hushpipe_using_subcommand secret; and __fish_seen_subcommand_from test" -l profile -d 'Use the secret references of this profile' -r
complete -c hushpipe -n "__fish_hushpipe_using_subcommand secret; and __fish_seen_subcommand_from test" -l manifest -d 'Read this project manifest in addition to your own' -r -F
complete -c hushpipe -n "__fish_hushpipe_using_subcommand secret; and __fish_seen_subcommand_from test" -l project -d 'Read DIR/hushpipe.toml in addition to your own' -r -F
complete -c hushpipe -n "__fish_hushpipe_using_subcommand secret; and __fish_seen_subcommand_from test" -l offline -d 'Use only the cache, at any age: no store is asked over a network'
complete -c hushpipe -n "__fish_hushpipe_using_subcommand secret; and __fish_seen_subcommand_from test" -l json -d 'Write JSON'
complete -c hushpipe -n "__fish_hushpipe_using_subcommand secret; and __fish_seen_subcommand_from test" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c hushpipe -n "__fish_hushpipe_using_subcommand secret; and __fish_seen_subcommand_from help" -f -a "set" -d 'Store a value: typed at a hidden prompt, or from stdin'
complete -c hushpipe -n "__fish_hushpipe_using_subcommand secret; and __fish_seen_subcommand_from help" -f -a "get" -d 'Write a value to stdout, after a person has typed its name at the terminal'
complete -c hushpipe -n "__fish_hushpipe_using_subcommand secret; and __fish_seen_subcommand_from help" -f -a "list" -d 'List what is stored: references, lengths and dates, no values'
complete -c hushpipe -n "__fish_hushpipe_using_subcommand secret; and __fish_seen_subcommand_from help" -f -a "remove" -d 'Remove a stored value'
complete -c hushpipe -n "__fish_hushpipe_using_subcommand secret; and __fish_seen_subcommand_from help" -f -a "rekey" -d 'Re-encrypt hushpipe\'s own store with the key that the manifest names'
complete -c hushpipe -n "__fish_hushpipe_using_subcommand secret; and __fish_seen_subcommand_from help" -f -a "forget" -d 'Empty the cache of values kept between launches'
complete -c hushpipe -n "__fish_hushpipe_using_subcommand secret; and __fish_seen_subcommand_from help" -f -a "test" -d 'Fetch a server\'s secrets and report each result, without showing a value'
complete -c hushpipe -n "__fish_hushpipe_using_subcommand secret; and __fish_seen_subcommand_from help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c hushpipe -n "__fish_hushpipe_using_subcommand trust" -l manifest -d 'Read this project manifest in addition to your own' -r -F
complete -c hushpipe -n "__fish_hushpipe_using_subcommand trust" -l project -d 'Read DIR/hushpipe.toml in addition to your own' -r -F
complete -c hushpipe -n "__fish_hushpipe_using_subcommand trust" -l list -d 'List what was accepted'
complete -c hushpipe -n "__fish_hushpipe_using_subcommand trust" -l remove -d 'Forget these servers, or all servers of the project'
complete -c hushpipe -n "__fish_hushpipe_using_subcommand trust" -l json -d 'Write JSON, with --list'
complete -c hushpipe -n "__fish_hushpipe_using_subcommand trust" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c hushpipe -n "__fish_hushpipe_using_subcommand check" -l profile -d 'Use the secret references of this profile' -r
complete -c hushpipe -n "__fish_hushpipe_using_subcommand check" -l manifest -d 'Read this project manifest in addition to your own' -r -F
complete -c hushpipe -n "__fish_hushpipe_using_subcommand check" -l project -d 'Read DIR/hushpipe.toml in addition to your own' -r -F
complete -c hushpipe -n "__fish_hushpipe_using_subcommand check" -l resolve -d 'Fetch the secrets too, and report the length and strength of each'
complete -c hushpipe -n "__fish_hushpipe_using_subcommand check" -l offline -d 'With `--resolve`, use only the cache, at any age: no store is asked over a network'
complete -c hushpipe -n "__fish_hushpipe_using_subcommand check" -l json -d 'Write JSON'
complete -c hushpipe -n "__fish_hushpipe_using_subcommand check" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c hushpipe -n "__fish_hushpipe_using_subcommand doctor" -l manifest -d 'Read this project manifest in addition to your own' -r -F
complete -c hushpipe -n "__fish_hushpipe_using_subcommand doctor" -l project -d 'Read DIR/hushpipe.toml in addition to your own' -r -F
complete -c hushpipe -n "__fish_hushpipe_using_subcommand doctor" -l as-client -d 'Use the environment that a desktop client would pass'
complete -c hushpipe -n "__fish_hushpipe_using_subcommand doctor" -l fix -d 'Rewrite the machine record, restrict files that others can write, remove interrupted installs'
complete -c hushpipe -n "__fish_hushpipe_using_subcommand doctor" -l json -d 'Write JSON'
complete -c hushpipe -n "__fish_hushpipe_using_subcommand doctor" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c hushpipe -n "__fish_hushpipe_using_subcommand run" -l profile -d 'Use the secret references of this profile' -r
complete -c hushpipe -n "__fish_hushpipe_using_subcommand run" -l record -d 'Record every message in this new file, as JSON Lines, with every secret withheld' -r -F
complete -c hushpipe -n "__fish_hushpipe_using_subcommand run" -l manifest -d 'Read this project manifest in addition to your own' -r -F
complete -c hushpipe -n "__fish_hushpipe_using_subcommand run" -l project -d 'Read DIR/hushpipe.toml in addition to your own' -r -F
complete -c hushpipe -n "__fish_hushpipe_using_subcommand run" -l offline -d 'Use only the cache, at any age: no store is asked over a network'
complete -c hushpipe -n "__fish_hushpipe_using_subcommand run" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c hushpipe -n "__fish_hushpipe_using_subcommand list" -l manifest -d 'Read this project manifest in addition to your own' -r -F
complete -c hushpipe -n "__fish_hushpipe_using_subcommand list" -l project -d 'Read DIR/hushpipe.toml in addition to your own' -r -F
complete -c hushpipe -n "__fish_hushpipe_using_subcommand list" -l json -d 'Write JSON'
complete -c hushpipe -n "__fish_hushpipe_using_subcommand list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c hushpipe -n "__fish_hushpipe_using_subcommand explain" -l profile -d 'Use the secret references of this profile' -r
complete -c hushpipe -n "__fish_hushpipe_using_subcommand explain" -l manifest -d 'Read this project manifest in addition to your own' -r -F
complete -c hushpipe -n "__fish_hushpipe_using_subcommand explain" -l project -d 'Read DIR/hushpipe.toml in addition to your own' -r -F
complete -c hushpipe -n "__fish_hushpipe_using_subcommand explain" -l json -d 'Write JSON'
complete -c hushpipe -n "__fish_hushpipe_using_subcommand explain" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c hushpipe -n "__fish_hushpipe_using_subcommand verify" -l manifest -d 'Read this project manifest in addition to your own' -r -F
complete -c hushpipe -n "__fish_hushpipe_using_subcommand verify" -l project -d 'Read DIR/hushpipe.toml in addition to your own' -r -F
complete -c hushpipe -n "__fish_hushpipe_using_subcommand verify" -l json -d 'Write JSON'
complete -c hushpipe -n "__fish_hushpipe_using_subcommand verify" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c hushpipe -n "__fish_hushpipe_using_subcommand tools" -l profile -d 'Use the secret references of this profile' -r
complete -c hushpipe -n "__fish_hushpipe_using_subcommand tools" -l timeout -d 'How long to wait for each answer, such as 60s, 500ms or 2m; an hour at most' -r
complete -c hushpipe -n "__fish_hushpipe_using_subcommand tools" -l manifest -d 'Read this project manifest in addition to your own' -r -F
complete -c hushpipe -n "__fish_hushpipe_using_subcommand tools" -l project -d 'Read DIR/hushpipe.toml in addition to your own' -r -F
complete -c hushpipe -n "__fish_hushpipe_using_subcommand tools" -s v -l verbose -d 'Show the log messages that the server sends'
complete -c hushpipe -n "__fish_hushpipe_using_subcommand tools" -l json -d 'Print the tools as the server described them: a JSON array, one tool a line'
complete -c hushpipe -n "__fish_hushpipe_using_subcommand tools" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c hushpipe -n "__fish_hushpipe_using_subcommand call" -l profile -d 'Use the secret references of this profile' -r
complete -c hushpipe -n "__fish_hushpipe_using_subcommand call" -l timeout -d 'How long to wait for each answer, such as 60s, 500ms or 2m; an hour at most' -r
complete -c hushpipe -n "__fish_hushpipe_using_subcommand call" -l manifest -d 'Read this project manifest in addition to your own' -r -F
complete -c hushpipe -n "__fish_hushpipe_using_subcommand call" -l project -d 'Read DIR/hushpipe.toml in addition to your own' -r -F
complete -c hushpipe -n "__fish_hushpipe_using_subcommand call" -s v -l verbose -d 'Show the log messages that the server sends'
complete -c hushpipe -n "__fish_hushpipe_using_subcommand call" -l json -d 'Print the result as the server wrote it'
complete -c hushpipe -n "__fish_hushpipe_using_subcommand call" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c hushpipe -n "__fish_hushpipe_using_subcommand redact" -l format -d 'Read every line as JSON, or as text; by default each line is judged by its look' -r -f -a "json\t''
text\t''"
complete -c hushpipe -n "__fish_hushpipe_using_subcommand redact" -l server -d 'Use this server\'s own rules, `allow` list and level' -r
complete -c hushpipe -n "__fish_hushpipe_using_subcommand redact" -l manifest -d 'Read this project manifest in addition to your own' -r -F
complete -c hushpipe -n "__fish_hushpipe_using_subcommand redact" -l project -d 'Read DIR/hushpipe.toml in addition to your own' -r -F
complete -c hushpipe -n "__fish_hushpipe_using_subcommand redact" -l report -d 'Print the findings instead of the text; exit with 1 if there are any'
complete -c hushpipe -n "__fish_hushpipe_using_subcommand redact" -l json -d 'Write the report as JSON, one object a line'
complete -c hushpipe -n "__fish_hushpipe_using_subcommand redact" -l known -d 'Fetch that server\'s secrets, and search for them too'
complete -c hushpipe -n "__fish_hushpipe_using_subcommand redact" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c hushpipe -n "__fish_hushpipe_using_subcommand why" -l last -d 'How many of the newest findings to show' -r
complete -c hushpipe -n "__fish_hushpipe_using_subcommand why" -l manifest -d 'Read this project manifest in addition to your own' -r -F
complete -c hushpipe -n "__fish_hushpipe_using_subcommand why" -l project -d 'Read DIR/hushpipe.toml in addition to your own' -r -F
complete -c hushpipe -n "__fish_hushpipe_using_subcommand why" -l json -d 'Write JSON'
complete -c hushpipe -n "__fish_hushpipe_using_subcommand why" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c hushpipe -n "__fish_hushpipe_using_subcommand schema" -l manifest -d 'Read this project manifest in addition to your own' -r -F
complete -c hushpipe -n "__fish_hushpipe_using_subcommand schema" -l project -d 'Read DIR/hushpipe.toml in addition to your own' -r -F
complete -c hushpipe -n "__fish_hushpipe_using_subcommand schema" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c hushpipe -n "__fish_hushpipe_using_subcommand completions" -l manifest -d 'Read this project manifest in addition to your own' -r -F
complete -c hushpipe -n "__fish_hushpipe_using_subcommand completions" -l project -d 'Read DIR/hushpipe.toml in addition to your own' -r -F
complete -c hushpipe -n "__fish_hushpipe_using_subcommand completions" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c hushpipe -n "__fish_hushpipe_using_subcommand man" -l manifest -d 'Read this project manifest in addition to your own' -r -F
complete -c hushpipe -n "__fish_hushpipe_using_subcommand man" -l project -d 'Read DIR/hushpipe.toml in addition to your own' -r -F
complete -c hushpipe -n "__fish_hushpipe_using_subcommand man" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c hushpipe -n "__fish_hushpipe_using_subcommand help; and not __fish_seen_subcommand_from init lock sync secret trust check doctor run list explain verify tools call redact why schema completions man help" -f -a "init" -d 'Create your manifest and record this machine\'s runtimes and PATH'
complete -c hushpipe -n "__fish_hushpipe_using_subcommand help; and not __fish_seen_subcommand_from init lock sync secret trust check doctor run list explain verify tools call redact why schema completions man help" -f -a "lock" -d 'Resolve the packages of the manifest and write hushpipe.lock'
complete -c hushpipe -n "__fish_hushpipe_using_subcommand help; and not __fish_seen_subcommand_from init lock sync secret trust check doctor run list explain verify tools call redact why schema completions man help" -f -a "sync" -d 'Install what hushpipe.lock lists, and record this machine again'
complete -c hushpipe -n "__fish_hushpipe_using_subcommand help; and not __fish_seen_subcommand_from init lock sync secret trust check doctor run list explain verify tools call redact why schema completions man help" -f -a "secret" -d 'Store, read, list, remove and test secrets'
complete -c hushpipe -n "__fish_hushpipe_using_subcommand help; and not __fish_seen_subcommand_from init lock sync secret trust check doctor run list explain verify tools call redact why schema completions man help" -f -a "trust" -d 'Accept the servers of a project manifest, so that they can be installed and started'
complete -c hushpipe -n "__fish_hushpipe_using_subcommand help; and not __fish_seen_subcommand_from init lock sync secret trust check doctor run list explain verify tools call redact why schema completions man help" -f -a "check" -d 'Check the manifest, the lockfile, the installs and the secret references'
complete -c hushpipe -n "__fish_hushpipe_using_subcommand help; and not __fish_seen_subcommand_from init lock sync secret trust check doctor run list explain verify tools call redact why schema completions man help" -f -a "doctor" -d 'Find what stops servers from working on this machine, and how to fix it'
complete -c hushpipe -n "__fish_hushpipe_using_subcommand help; and not __fish_seen_subcommand_from init lock sync secret trust check doctor run list explain verify tools call redact why schema completions man help" -f -a "run" -d 'Start a server and relay its messages: the command for a client\'s configuration'
complete -c hushpipe -n "__fish_hushpipe_using_subcommand help; and not __fish_seen_subcommand_from init lock sync secret trust check doctor run list explain verify tools call redact why schema completions man help" -f -a "list" -d 'List the servers of the manifest'
complete -c hushpipe -n "__fish_hushpipe_using_subcommand help; and not __fish_seen_subcommand_from init lock sync secret trust check doctor run list explain verify tools call redact why schema completions man help" -f -a "explain" -d 'Show what `run` would start: arguments, environment, secret references, protections'
complete -c hushpipe -n "__fish_hushpipe_using_subcommand help; and not __fish_seen_subcommand_from init lock sync secret trust check doctor run list explain verify tools call redact why schema completions man help" -f -a "verify" -d 'Hash every installed file and compare it with the lock'
complete -c hushpipe -n "__fish_hushpipe_using_subcommand help; and not __fish_seen_subcommand_from init lock sync secret trust check doctor run list explain verify tools call redact why schema completions man help" -f -a "tools" -d 'List the tools of a server'
complete -c hushpipe -n "__fish_hushpipe_using_subcommand help; and not __fish_seen_subcommand_from init lock sync secret trust check doctor run list explain verify tools call redact why schema completions man help" -f -a "call" -d 'Call a tool of a server'
complete -c hushpipe -n "__fish_hushpipe_using_subcommand help; and not __fish_seen_subcommand_from init lock sync secret trust check doctor run list explain verify tools call redact why schema completions man help" -f -a "redact" -d 'Redact stdin to stdout, by the same rules as a server\'s messages'
complete -c hushpipe -n "__fish_hushpipe_using_subcommand help; and not __fish_seen_subcommand_from init lock sync secret trust check doctor run list explain verify tools call redact why schema completions man help" -f -a "why" -d 'Show why something was withheld: the latest findings, and how to allow one'
complete -c hushpipe -n "__fish_hushpipe_using_subcommand help; and not __fish_seen_subcommand_from init lock sync secret trust check doctor run list explain verify tools call redact why schema completions man help" -f -a "schema" -d 'Print the JSON Schema of hushpipe.toml'
complete -c hushpipe -n "__fish_hushpipe_using_subcommand help; and not __fish_seen_subcommand_from init lock sync secret trust check doctor run list explain verify tools call redact why schema completions man help" -f -a "completions" -d 'Print a completion script for a shell'
complete -c hushpipe -n "__fish_hushpipe_using_subcommand help; and not __fish_seen_subcommand_from init lock sync secret trust check doctor run list explain verify tools call redact why schema completions man help" -f -a "man" -d 'Print the manual page'
complete -c hushpipe -n "__fish_hushpipe_using_subcommand help; and not __fish_seen_subcommand_from init lock sync secret trust check doctor run list explain verify tools call redact why schema completions man help" -f -a "help" -d 'Print this message or the help of the given subcommand(s)'
complete -c hushpipe -n "__fish_hushpipe_using_subcommand help; and __fish_seen_subcommand_from secret" -f -a "set" -d 'Store a value: typed at a hidden prompt, or from stdin'
complete -c hushpipe -n "__fish_hushpipe_using_subcommand help; and __fish_seen_subcommand_from secret" -f -a "get" -d 'Write a value to stdout, after a person has typed its name at the terminal'
complete -c hushpipe -n "__fish_hushpipe_using_subcommand help; and __fish_seen_subcommand_from secret" -f -a "list" -d 'List what is stored: references, lengths and dates, no values'
complete -c hushpipe -n "__fish_hushpipe_using_subcommand help; and __fish_seen_subcommand_from secret" -f -a "remove" -d 'Remove a stored value'
complete -c hushpipe -n "__fish_hushpipe_using_subcommand help; and __fish_seen_subcommand_from secret" -f -a "rekey" -d 'Re-encrypt hushpipe\'s own store with the key that the manifest names'
complete -c hushpipe -n "__fish_hushpipe_using_subcommand help; and __fish_seen_subcommand_from secret" -f -a "forget" -d 'Empty the cache of values kept between launches'
complete -c hushpipe -n "__fish_hushpipe_using_subcommand help; and __fish_seen_subcommand_from secret" -f -a "test" -d 'Fetch a server\'s secrets and report each result, without showing a value'
