
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
            cand --manifest 'Read this project manifest beside your own'
            cand --project 'Read DIR/hushpipe.toml beside your own'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand -V 'Print version'
            cand --version 'Print version'
            cand init 'Make the user manifest and record what this machine has'
            cand lock 'Resolve the packages of the manifest and write hushpipe.lock'
            cand sync 'Install what hushpipe.lock says, and look at this machine anew'
            cand secret 'Store, read, list, remove and test secrets'
            cand trust 'Accept the servers of a project manifest, so that they may be installed and started'
            cand check 'Check the manifest, the lockfile, the installs and the references, without a value'
            cand doctor 'Look at this machine: runtimes, permissions, stores, installs, and how to mend each'
            cand run 'Start a server and relay it: the command for a client''s configuration'
            cand list 'List the servers of the manifest'
            cand explain 'Show what would run: argv, environment names, secrets by reference, protections'
            cand verify 'Hash every installed file and compare it with what was locked'
            cand tools 'List the tools of a server, started as run starts it'
            cand call 'Call a tool of a server, started as run starts it'
            cand redact 'Redact a text: stdin to stdout, by the same rules as a server''s messages'
            cand why 'Tell why something was withheld: the latest findings, and how to let one pass'
            cand schema 'Print the JSON Schema of hushpipe.toml'
            cand completions 'Print a completion script for a shell'
            cand man 'Print the manual page'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'hushpipe;init'= {
            cand --manifest 'Read this project manifest beside your own'
            cand --project 'Read DIR/hushpipe.toml beside your own'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'hushpipe;lock'= {
            cand --manifest 'Read this project manifest beside your own'
            cand --project 'Read DIR/hushpipe.toml beside your own'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'hushpipe;sync'= {
            cand --manifest 'Read this project manifest beside your own'
            cand --project 'Read DIR/hushpipe.toml beside your own'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'hushpipe;secret'= {
            cand --manifest 'Read this project manifest beside your own'
            cand --project 'Read DIR/hushpipe.toml beside your own'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
            cand set 'Store a value: typed at a prompt that does not show it, or from stdin'
            cand get 'Write a value to stdout, after a person typed its name at the terminal'
            cand list 'List what is stored: references, lengths and dates, no values'
            cand remove 'Remove a stored value'
            cand rekey 'Move hushpipe''s own store to the key that the manifest names'
            cand forget 'Empty the cache: drop the values that were kept between launches'
            cand test 'Fetch what a server asks for, and say how each went, without a value'
            cand help 'Print this message or the help of the given subcommand(s)'
        }
        &'hushpipe;secret;set'= {
            cand --unwrap 'Take a wrapping token instead, and store what this provider of type `vault` gives for it'
            cand --manifest 'Read this project manifest beside your own'
            cand --project 'Read DIR/hushpipe.toml beside your own'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'hushpipe;secret;get'= {
            cand --manifest 'Read this project manifest beside your own'
            cand --project 'Read DIR/hushpipe.toml beside your own'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'hushpipe;secret;list'= {
            cand --manifest 'Read this project manifest beside your own'
            cand --project 'Read DIR/hushpipe.toml beside your own'
            cand --json 'Write JSON'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'hushpipe;secret;remove'= {
            cand --manifest 'Read this project manifest beside your own'
            cand --project 'Read DIR/hushpipe.toml beside your own'
            cand -y 'Do not ask'
            cand --yes 'Do not ask'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'hushpipe;secret;rekey'= {
            cand --from 'Where the old key is: `file:///path`, `keychain://account`, `systemd-credential://name` or `passphrase-file:///path`; without it the file `local.key` beside the manifest'
            cand --manifest 'Read this project manifest beside your own'
            cand --project 'Read DIR/hushpipe.toml beside your own'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'hushpipe;secret;forget'= {
            cand --manifest 'Read this project manifest beside your own'
            cand --project 'Read DIR/hushpipe.toml beside your own'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'hushpipe;secret;test'= {
            cand --profile 'Take secret references from this profile of the manifest'
            cand --manifest 'Read this project manifest beside your own'
            cand --project 'Read DIR/hushpipe.toml beside your own'
            cand --offline 'Ask no store over a network: see what the cache has, at any age'
            cand --json 'Write JSON'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'hushpipe;secret;help'= {
            cand set 'Store a value: typed at a prompt that does not show it, or from stdin'
            cand get 'Write a value to stdout, after a person typed its name at the terminal'
            cand list 'List what is stored: references, lengths and dates, no values'
            cand remove 'Remove a stored value'
            cand rekey 'Move hushpipe''s own store to the key that the manifest names'
            cand forget 'Empty the cache: drop the values that were kept between launches'
            cand test 'Fetch what a server asks for, and say how each went, without a value'
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
            cand --manifest 'Read this project manifest beside your own'
            cand --project 'Read DIR/hushpipe.toml beside your own'
            cand --list 'List what was accepted'
            cand --remove 'Forget what was accepted: these servers, or all of the project'
            cand --json 'Write JSON, with --list'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'hushpipe;check'= {
            cand --profile 'Take secret references from this profile of the manifest'
            cand --manifest 'Read this project manifest beside your own'
            cand --project 'Read DIR/hushpipe.toml beside your own'
            cand --resolve 'Fetch the secrets too, and say how long and how strong each is'
            cand --offline 'With `--resolve`, ask no store over a network: see what the cache has, at any age'
            cand --json 'Write JSON'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'hushpipe;doctor'= {
            cand --manifest 'Read this project manifest beside your own'
            cand --project 'Read DIR/hushpipe.toml beside your own'
            cand --as-client 'Look with the environment that a client gives'
            cand --fix 'Write the machine record anew, close what others may write, remove what cut-off installs left'
            cand --json 'Write JSON'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'hushpipe;run'= {
            cand --profile 'Take secret references from this profile of the manifest'
            cand --record 'Write every message down in this new file, as JSON Lines, with every secret withheld'
            cand --manifest 'Read this project manifest beside your own'
            cand --project 'Read DIR/hushpipe.toml beside your own'
            cand --offline 'Ask no store over a network: values come out of the cache, however old'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'hushpipe;list'= {
            cand --manifest 'Read this project manifest beside your own'
            cand --project 'Read DIR/hushpipe.toml beside your own'
            cand --json 'Write JSON'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'hushpipe;explain'= {
            cand --profile 'Take secret references from this profile of the manifest'
            cand --manifest 'Read this project manifest beside your own'
            cand --project 'Read DIR/hushpipe.toml beside your own'
            cand --json 'Write JSON'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'hushpipe;verify'= {
            cand --manifest 'Read this project manifest beside your own'
            cand --project 'Read DIR/hushpipe.toml beside your own'
            cand --json 'Write JSON'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'hushpipe;tools'= {
            cand --profile 'Take secret references from this profile of the manifest'
            cand --timeout 'How long to wait for each answer, as in 60s, 500ms or 2m; an hour at most'
            cand --manifest 'Read this project manifest beside your own'
            cand --project 'Read DIR/hushpipe.toml beside your own'
            cand -v 'Show the log messages that the server sends'
            cand --verbose 'Show the log messages that the server sends'
            cand --json 'Print the tools as the server described them: an array of JSON, one tool a line'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'hushpipe;call'= {
            cand --profile 'Take secret references from this profile of the manifest'
            cand --timeout 'How long to wait for each answer, as in 60s, 500ms or 2m; an hour at most'
            cand --manifest 'Read this project manifest beside your own'
            cand --project 'Read DIR/hushpipe.toml beside your own'
            cand -v 'Show the log messages that the server sends'
            cand --verbose 'Show the log messages that the server sends'
            cand --json 'Print the result as the server wrote it'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'hushpipe;redact'= {
            cand --format 'What the lines are: JSON of any kind, or text; without this, each line is what it looks like'
            cand --server 'Use this server''s own rules, allow list and level'
            cand --manifest 'Read this project manifest beside your own'
            cand --project 'Read DIR/hushpipe.toml beside your own'
            cand --report 'Print what is found instead of the text; end with 1 when something is'
            cand --json 'Write the report as JSON, an object a line'
            cand --known 'Fetch that server''s secrets, and look for them too'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'hushpipe;why'= {
            cand --last 'How many findings to show, the newest'
            cand --manifest 'Read this project manifest beside your own'
            cand --project 'Read DIR/hushpipe.toml beside your own'
            cand --json 'Write JSON'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'hushpipe;schema'= {
            cand --manifest 'Read this project manifest beside your own'
            cand --project 'Read DIR/hushpipe.toml beside your own'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'hushpipe;completions'= {
            cand --manifest 'Read this project manifest beside your own'
            cand --project 'Read DIR/hushpipe.toml beside your own'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'hushpipe;man'= {
            cand --manifest 'Read this project manifest beside your own'
            cand --project 'Read DIR/hushpipe.toml beside your own'
            cand -h 'Print help (see more with ''--help'')'
            cand --help 'Print help (see more with ''--help'')'
        }
        &'hushpipe;help'= {
            cand init 'Make the user manifest and record what this machine has'
            cand lock 'Resolve the packages of the manifest and write hushpipe.lock'
            cand sync 'Install what hushpipe.lock says, and look at this machine anew'
            cand secret 'Store, read, list, remove and test secrets'
            cand trust 'Accept the servers of a project manifest, so that they may be installed and started'
            cand check 'Check the manifest, the lockfile, the installs and the references, without a value'
            cand doctor 'Look at this machine: runtimes, permissions, stores, installs, and how to mend each'
            cand run 'Start a server and relay it: the command for a client''s configuration'
            cand list 'List the servers of the manifest'
            cand explain 'Show what would run: argv, environment names, secrets by reference, protections'
            cand verify 'Hash every installed file and compare it with what was locked'
            cand tools 'List the tools of a server, started as run starts it'
            cand call 'Call a tool of a server, started as run starts it'
            cand redact 'Redact a text: stdin to stdout, by the same rules as a server''s messages'
            cand why 'Tell why something was withheld: the latest findings, and how to let one pass'
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
            cand set 'Store a value: typed at a prompt that does not show it, or from stdin'
            cand get 'Write a value to stdout, after a person typed its name at the terminal'
            cand list 'List what is stored: references, lengths and dates, no values'
            cand remove 'Remove a stored value'
            cand rekey 'Move hushpipe''s own store to the key that the manifest names'
            cand forget 'Empty the cache: drop the values that were kept between launches'
            cand test 'Fetch what a server asks for, and say how each went, without a value'
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
