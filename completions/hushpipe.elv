
use builtin;
use str;

set edit:completion:arg-completer[hushpipe] = {|@words|
    fn spaces {|n|
        builtin:repeat $n ' ' | str:join ''
    }
    fn cand {|text desc|
        edit:complex-candidate $text &display=$text' '(spaces (- 14 (wcswidth $text)))$desc
    }
    var command = 'hushpipe'
    for word $words[1..-1] {
        if (str:has-prefix $word '-') {
            break
        }
        set command = $command';'$word
    }
    var completions = [
        &'hushpipe'= {
            cand --manifest 'Read this project manifest in addition to your own'
            cand --project 'Read DIR/hushpipe.toml in addition to your own'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
            cand init 'Create your manifest and record this machine''s runtimes and PATH'
            cand lock 'Resolve the packages of the manifest and write hushpipe.lock'
            cand sync 'Install what hushpipe.lock lists, and record this machine again'
            cand secret 'Store, read, list, remove and test secrets'
            cand trust 'Accept the servers of a project manifest, so that they can be installed and started'
            cand check 'Check the manifest, the lockfile, the installs and the secret references'
            cand doctor 'Find what stops servers from working on this machine, and how to fix it'
            cand run 'Start a server and relay its messages: the command for a client''s configuration'
            cand list 'List the servers of the manifest'
            cand explain 'Show what `run` would start: arguments, environment, secret references, protections'
            cand verify 'Hash every installed file and compare it with the lock'
            cand tools 'List the tools of a server'
            cand call 'Call a tool of a server'
            cand redact 'Redact stdin to stdout, by the same rules as a server''s messages'
            cand why 'Show why something was withheld: the latest findings, and how to allow one'
            cand schema 'Print the JSON Schema of hushpipe.toml'
            cand completions 'Print a completion script for a shell'
            cand man 'Print the manual page'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'hushpipe;init'= {
            cand --manifest 'Read this project manifest in addition to your own'
            cand --project 'Read DIR/hushpipe.toml in addition to your own'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'hushpipe;lock'= {
            cand --manifest 'Read this project manifest in addition to your own'
            cand --project 'Read DIR/hushpipe.toml in addition to your own'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'hushpipe;sync'= {
            cand --manifest 'Read this project manifest in addition to your own'
            cand --project 'Read DIR/hushpipe.toml in addition to your own'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'hushpipe;secret'= {
            cand --manifest 'Read this project manifest in addition to your own'
            cand --project 'Read DIR/hushpipe.toml in addition to your own'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand set 'Store a value: typed at a hidden prompt, or from stdin'
            cand get 'Write a value to stdout, after a person has typed its name at the terminal'
            cand list 'List what is stored: references, lengths and dates, no values'
            cand remove 'Remove a stored value'
            cand rekey 'Re-encrypt hushpipe''s own store with the key that the manifest names'
            cand forget 'Empty the cache of values kept between launches'
            cand test 'Fetch a server''s secrets and report each result, without showing a value'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'hushpipe;secret;set'= {
            cand --unwrap 'Read a wrapping token, and store what this `vault` provider unwraps from it'
            cand --manifest 'Read this project manifest in addition to your own'
            cand --project 'Read DIR/hushpipe.toml in addition to your own'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'hushpipe;secret;get'= {
            cand --manifest 'Read this project manifest in addition to your own'
            cand --project 'Read DIR/hushpipe.toml in addition to your own'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'hushpipe;secret;list'= {
            cand --manifest 'Read this project manifest in addition to your own'
            cand --project 'Read DIR/hushpipe.toml in addition to your own'
            cand --json 'Write JSON'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'hushpipe;secret;remove'= {
            cand --manifest 'Read this project manifest in addition to your own'
            cand --project 'Read DIR/hushpipe.toml in addition to your own'
            cand -y 'Do not ask for confirmation'
            cand --yes 'Do not ask for confirmation'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'hushpipe;secret;rekey'= {
            cand --from 'Where the old key is: `file:///path`, `keychain://account`, `systemd-credential://name` or `passphrase-file:///path`; without it the file `local.key` beside the manifest'
            cand --manifest 'Read this project manifest in addition to your own'
            cand --project 'Read DIR/hushpipe.toml in addition to your own'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'hushpipe;secret;forget'= {
            cand --manifest 'Read this project manifest in addition to your own'
            cand --project 'Read DIR/hushpipe.toml in addition to your own'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'hushpipe;secret;test'= {
            cand --profile 'Use the secret references of this profile'
            cand --manifest 'Read this project manifest in addition to your own'
            cand --project 'Read DIR/hushpipe.toml in addition to your own'
            cand --offline 'Use only the cache, at any age: no store is asked over a network'
            cand --json 'Write JSON'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'hushpipe;secret;help'= {
            cand set 'Store a value: typed at a hidden prompt, or from stdin'
            cand get 'Write a value to stdout, after a person has typed its name at the terminal'
            cand list 'List what is stored: references, lengths and dates, no values'
            cand remove 'Remove a stored value'
            cand rekey 'Re-encrypt hushpipe''s own store with the key that the manifest names'
            cand forget 'Empty the cache of values kept between launches'
            cand test 'Fetch a server''s secrets and report each result, without showing a value'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'hushpipe;secret;help;set'= {
        }
        &'hushpipe;secret;help;get'= {
        }
        &'hushpipe;secret;help;list'= {
        }
        &'hushpipe;secret;help;remove'= {
        }
        &'hushpipe;secret;help;rekey'= {
        }
        &'hushpipe;secret;help;forget'= {
        }
        &'hushpipe;secret;help;test'= {
        }
        &'hushpipe;secret;help;help'= {
        }
        &'hushpipe;trust'= {
            cand --manifest 'Read this project manifest in addition to your own'
            cand --project 'Read DIR/hushpipe.toml in addition to your own'
            cand --list 'List what was accepted'
            cand --remove 'Forget these servers, or all servers of the project'
            cand --json 'Write JSON, with --list'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'hushpipe;check'= {
            cand --profile 'Use the secret references of this profile'
            cand --manifest 'Read this project manifest in addition to your own'
            cand --project 'Read DIR/hushpipe.toml in addition to your own'
            cand --resolve 'Fetch the secrets too, and report the length and strength of each'
            cand --offline 'With `--resolve`, use only the cache, at any age: no store is asked over a network'
            cand --json 'Write JSON'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'hushpipe;doctor'= {
            cand --manifest 'Read this project manifest in addition to your own'
            cand --project 'Read DIR/hushpipe.toml in addition to your own'
            cand --as-client 'Use the environment that a desktop client would pass'
            cand --fix 'Rewrite the machine record, restrict files that others can write, remove interrupted installs'
            cand --json 'Write JSON'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'hushpipe;run'= {
            cand --profile 'Use the secret references of this profile'
            cand --record 'Record every message in this new file, as JSON Lines, with every secret withheld'
            cand --manifest 'Read this project manifest in addition to your own'
            cand --project 'Read DIR/hushpipe.toml in addition to your own'
            cand --offline 'Use only the cache, at any age: no store is asked over a network'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'hushpipe;list'= {
            cand --manifest 'Read this project manifest in addition to your own'
            cand --project 'Read DIR/hushpipe.toml in addition to your own'
            cand --json 'Write JSON'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'hushpipe;explain'= {
            cand --profile 'Use the secret references of this profile'
            cand --manifest 'Read this project manifest in addition to your own'
            cand --project 'Read DIR/hushpipe.toml in addition to your own'
            cand --json 'Write JSON'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'hushpipe;verify'= {
            cand --manifest 'Read this project manifest in addition to your own'
            cand --project 'Read DIR/hushpipe.toml in addition to your own'
            cand --json 'Write JSON'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'hushpipe;tools'= {
            cand --profile 'Use the secret references of this profile'
            cand --timeout 'How long to wait for each answer, such as 60s, 500ms or 2m; an hour at most'
            cand --manifest 'Read this project manifest in addition to your own'
            cand --project 'Read DIR/hushpipe.toml in addition to your own'
            cand -v 'Show the log messages that the server sends'
            cand --verbose 'Show the log messages that the server sends'
            cand --json 'Print the tools as the server described them: a JSON array, one tool a line'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'hushpipe;call'= {
            cand --profile 'Use the secret references of this profile'
            cand --timeout 'How long to wait for each answer, such as 60s, 500ms or 2m; an hour at most'
            cand --manifest 'Read this project manifest in addition to your own'
            cand --project 'Read DIR/hushpipe.toml in addition to your own'
            cand -v 'Show the log messages that the server sends'
            cand --verbose 'Show the log messages that the server sends'
            cand --json 'Print the result as the server wrote it'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'hushpipe;redact'= {
            cand --format 'Read every line as JSON, or as text; by default each line is judged by its look'
            cand --server 'Use this server''s own rules, `allow` list and level'
            cand --manifest 'Read this project manifest in addition to your own'
            cand --project 'Read DIR/hushpipe.toml in addition to your own'
            cand --report 'Print the findings instead of the text; exit with 1 if there are any'
            cand --json 'Write the report as JSON, one object a line'
            cand --known 'Fetch that server''s secrets, and search for them too'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'hushpipe;why'= {
            cand --last 'How many of the newest findings to show'
            cand --manifest 'Read this project manifest in addition to your own'
            cand --project 'Read DIR/hushpipe.toml in addition to your own'
            cand --json 'Write JSON'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'hushpipe;schema'= {
            cand --manifest 'Read this project manifest in addition to your own'
            cand --project 'Read DIR/hushpipe.toml in addition to your own'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'hushpipe;completions'= {
            cand --manifest 'Read this project manifest in addition to your own'
            cand --project 'Read DIR/hushpipe.toml in addition to your own'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'hushpipe;man'= {
            cand --manifest 'Read this project manifest in addition to your own'
            cand --project 'Read DIR/hushpipe.toml in addition to your own'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'hushpipe;help'= {
            cand init 'Create your manifest and record this machine''s runtimes and PATH'
            cand lock 'Resolve the packages of the manifest and write hushpipe.lock'
            cand sync 'Install what hushpipe.lock lists, and record this machine again'
            cand secret 'Store, read, list, remove and test secrets'
            cand trust 'Accept the servers of a project manifest, so that they can be installed and started'
            cand check 'Check the manifest, the lockfile, the installs and the secret references'
            cand doctor 'Find what stops servers from working on this machine, and how to fix it'
            cand run 'Start a server and relay its messages: the command for a client''s configuration'
            cand list 'List the servers of the manifest'
            cand explain 'Show what `run` would start: arguments, environment, secret references, protections'
            cand verify 'Hash every installed file and compare it with the lock'
            cand tools 'List the tools of a server'
            cand call 'Call a tool of a server'
            cand redact 'Redact stdin to stdout, by the same rules as a server''s messages'
            cand why 'Show why something was withheld: the latest findings, and how to allow one'
            cand schema 'Print the JSON Schema of hushpipe.toml'
            cand completions 'Print a completion script for a shell'
            cand man 'Print the manual page'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'hushpipe;help;init'= {
        }
        &'hushpipe;help;lock'= {
        }
        &'hushpipe;help;sync'= {
        }
        &'hushpipe;help;secret'= {
            cand set 'Store a value: typed at a hidden prompt, or from stdin'
            cand get 'Write a value to stdout, after a person has typed its name at the terminal'
            cand list 'List what is stored: references, lengths and dates, no values'
            cand remove 'Remove a stored value'
            cand rekey 'Re-encrypt hushpipe''s own store with the key that the manifest names'
            cand forget 'Empty the cache of values kept between launches'
            cand test 'Fetch a server''s secrets and report each result, without showing a value'
        }
        &'hushpipe;help;secret;set'= {
        }
        &'hushpipe;help;secret;get'= {
        }
        &'hushpipe;help;secret;list'= {
        }
        &'hushpipe;help;secret;remove'= {
        }
        &'hushpipe;help;secret;rekey'= {
        }
        &'hushpipe;help;secret;forget'= {
        }
        &'hushpipe;help;secret;test'= {
        }
        &'hushpipe;help;trust'= {
        }
        &'hushpipe;help;check'= {
        }
        &'hushpipe;help;doctor'= {
        }
        &'hushpipe;help;run'= {
        }
        &'hushpipe;help;list'= {
        }
        &'hushpipe;help;explain'= {
        }
        &'hushpipe;help;verify'= {
        }
        &'hushpipe;help;tools'= {
        }
        &'hushpipe;help;call'= {
        }
        &'hushpipe;help;redact'= {
        }
        &'hushpipe;help;why'= {
        }
        &'hushpipe;help;schema'= {
        }
        &'hushpipe;help;completions'= {
        }
        &'hushpipe;help;man'= {
        }
        &'hushpipe;help;help'= {
        }
    ]
    $completions[$command]
}
