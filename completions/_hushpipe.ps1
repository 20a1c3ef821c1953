
using namespace System.Management.Automation
using namespace System.Management.Automation.Language

Register-ArgumentCompleter -Native -CommandName 'hushpipe' -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)

    $commandElements = $commandAst.CommandElements
    $command = @(
        'hushpipe'
        for ($i = 1; $i -lt $commandElements.Count; $i++) {
            $element = $commandElements[$i]
            if ($element -isnot [StringConstantExpressionAst] -or
                $element.StringConstantType -ne [StringConstantType]::BareWord -or
                $element.Value.StartsWith('-') -or
                $element.Value -eq $wordToComplete) {
                break
        }
        $element.Value
    }) -join ';'

    $completions = @(switch ($command) {
        'hushpipe' {
            [CompletionResult]::new('--manifest', '--manifest', [CompletionResultType]::ParameterName, 'Read this project manifest beside your own')
            [CompletionResult]::new('--project', '--project', [CompletionResultType]::ParameterName, 'Read DIR/hushpipe.toml beside your own')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('init', 'init', [CompletionResultType]::ParameterValue, 'Make the user manifest and record what this machine has')
            [CompletionResult]::new('lock', 'lock', [CompletionResultType]::ParameterValue, 'Resolve the packages of the manifest and write hushpipe.lock')
            [CompletionResult]::new('sync', 'sync', [CompletionResultType]::ParameterValue, 'Install what hushpipe.lock says, and look at this machine anew')
            [CompletionResult]::new('secret', 'secret', [CompletionResultType]::ParameterValue, 'Store, read, list, remove and test secrets')
            [CompletionResult]::new('trust', 'trust', [CompletionResultType]::ParameterValue, 'Accept the servers of a project manifest, so that they may be installed and started')
            [CompletionResult]::new('check', 'check', [CompletionResultType]::ParameterValue, 'Check the manifest, the lockfile, the installs and the references, without a value')
            [CompletionResult]::new('doctor', 'doctor', [CompletionResultType]::ParameterValue, 'Look at this machine: runtimes, permissions, stores, installs, and how to mend each')
            [CompletionResult]::new('run', 'run', [CompletionResultType]::ParameterValue, 'Start a server and relay it: the command for a client''s configuration')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the servers of the manifest')
            [CompletionResult]::new('explain', 'explain', [CompletionResultType]::ParameterValue, 'Show what would run: argv, environment names, secrets by reference, protections')
            [CompletionResult]::new('verify', 'verify', [CompletionResultType]::ParameterValue, 'Hash every installed file and compare it with what was locked')
            [CompletionResult]::new('tools', 'tools', [CompletionResultType]::ParameterValue, 'List the tools of a server, started as run starts it')
            [CompletionResult]::new('call', 'call', [CompletionResultType]::ParameterValue, 'Call a tool of a server, started as run starts it')
            [CompletionResult]::new('redact', 'redact', [CompletionResultType]::ParameterValue, 'Redact a text: stdin to stdout, by the same rules as a server''s messages')
            [CompletionResult]::new('why', 'why', [CompletionResultType]::ParameterValue, 'Tell why something was withheld: the latest findings, and how to let one pass')
            [CompletionResult]::new('schema', 'schema', [CompletionResultType]::ParameterValue, 'Print the JSON Schema of hushpipe.toml')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'Print a completion script for a shell')
            [CompletionResult]::new('man', 'man', [CompletionResultType]::ParameterValue, 'Print the manual page')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'hushpipe;init' {
            [CompletionResult]::new('--manifest', '--manifest', [CompletionResultType]::ParameterName, 'Read this project manifest beside your own')
            [CompletionResult]::new('--project', '--project', [CompletionResultType]::ParameterName, 'Read DIR/hushpipe.toml beside your own')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'hushpipe;lock' {
            [CompletionResult]::new('--manifest', '--manifest', [CompletionResultType]::ParameterName, 'Read this project manifest beside your own')
            [CompletionResult]::new('--project', '--project', [CompletionResultType]::ParameterName, 'Read DIR/hushpipe.toml beside your own')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'hushpipe;sync' {
            [CompletionResult]::new('--manifest', '--manifest', [CompletionResultType]::ParameterName, 'Read this project manifest beside your own')
            [CompletionResult]::new('--project', '--project', [CompletionResultType]::ParameterName, 'Read DIR/hushpipe.toml beside your own')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'hushpipe;secret' {
            [CompletionResult]::new('--manifest', '--manifest', [CompletionResultType]::ParameterName, 'Read this project manifest beside your own')
            [CompletionResult]::new('--project', '--project', [CompletionResultType]::ParameterName, 'Read DIR/hushpipe.toml beside your own')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('set', 'set', [CompletionResultType]::ParameterValue, 'Store a value: typed at a prompt that does not show it, or from stdin')
            [CompletionResult]::new('get', 'get', [CompletionResultType]::ParameterValue, 'Write a value to stdout, after a person typed its name at the terminal')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List what is stored: references, lengths and dates, no values')
            [CompletionResult]::new('remove', 'remove', [CompletionResultType]::ParameterValue, 'Remove a stored value')
            [CompletionResult]::new('rekey', 'rekey', [CompletionResultType]::ParameterValue, 'Move hushpipe''s own store to the key that the manifest names')
            [CompletionResult]::new('forget', 'forget', [CompletionResultType]::ParameterValue, 'Empty the cache: drop the values that were kept between launches')
            [CompletionResult]::new('test', 'test', [CompletionResultType]::ParameterValue, 'Fetch what a server asks for, and say how each went, without a value')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'hushpipe;secret;set' {
            [CompletionResult]::new('--unwrap', '--unwrap', [CompletionResultType]::ParameterName, 'Take a wrapping token instead, and store what this provider of type `vault` gives for it')
            [CompletionResult]::new('--manifest', '--manifest', [CompletionResultType]::ParameterName, 'Read this project manifest beside your own')
            [CompletionResult]::new('--project', '--project', [CompletionResultType]::ParameterName, 'Read DIR/hushpipe.toml beside your own')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'hushpipe;secret;get' {
            [CompletionResult]::new('--manifest', '--manifest', [CompletionResultType]::ParameterName, 'Read this project manifest beside your own')
            [CompletionResult]::new('--project', '--project', [CompletionResultType]::ParameterName, 'Read DIR/hushpipe.toml beside your own')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'hushpipe;secret;list' {
            [CompletionResult]::new('--manifest', '--manifest', [CompletionResultType]::ParameterName, 'Read this project manifest beside your own')
            [CompletionResult]::new('--project', '--project', [CompletionResultType]::ParameterName, 'Read DIR/hushpipe.toml beside your own')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Write JSON')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'hushpipe;secret;remove' {
            [CompletionResult]::new('--manifest', '--manifest', [CompletionResultType]::ParameterName, 'Read this project manifest beside your own')
            [CompletionResult]::new('--project', '--project', [CompletionResultType]::ParameterName, 'Read DIR/hushpipe.toml beside your own')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Do not ask')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Do not ask')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'hushpipe;secret;rekey' {
            [CompletionResult]::new('--from', '--from', [CompletionResultType]::ParameterName, 'Where the old key is: `file:///path`, `keychain://account`, `systemd-credential://name` or `passphrase-file:///path`; without it the file `local.key` beside the manifest')
            [CompletionResult]::new('--manifest', '--manifest', [CompletionResultType]::ParameterName, 'Read this project manifest beside your own')
            [CompletionResult]::new('--project', '--project', [CompletionResultType]::ParameterName, 'Read DIR/hushpipe.toml beside your own')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'hushpipe;secret;forget' {
            [CompletionResult]::new('--manifest', '--manifest', [CompletionResultType]::ParameterName, 'Read this project manifest beside your own')
            [CompletionResult]::new('--project', '--project', [CompletionResultType]::ParameterName, 'Read DIR/hushpipe.toml beside your own')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'hushpipe;secret;test' {
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'Take secret references from this profile of the manifest')
            [CompletionResult]::new('--manifest', '--manifest', [CompletionResultType]::ParameterName, 'Read this project manifest beside your own')
            [CompletionResult]::new('--project', '--project', [CompletionResultType]::ParameterName, 'Read DIR/hushpipe.toml beside your own')
            [CompletionResult]::new('--offline', '--offline', [CompletionResultType]::ParameterName, 'Ask no store over a network: see what the cache has, at any age')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Write JSON')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'hushpipe;secret;help' {
            [CompletionResult]::new('set', 'set', [CompletionResultType]::ParameterValue, 'Store a value: typed at a prompt that does not show it, or from stdin')
            [CompletionResult]::new('get', 'get', [CompletionResultType]::ParameterValue, 'Write a value to stdout, after a person typed its name at the terminal')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List what is stored: references, lengths and dates, no values')
            [CompletionResult]::new('remove', 'remove', [CompletionResultType]::ParameterValue, 'Remove a stored value')
            [CompletionResult]::new('rekey', 'rekey', [CompletionResultType]::ParameterValue, 'Move hushpipe''s own store to the key that the manifest names')
            [CompletionResult]::new('forget', 'forget', [CompletionResultType]::ParameterValue, 'Empty the cache: drop the values that were kept between launches')
            [CompletionResult]::new('test', 'test', [CompletionResultType]::ParameterValue, 'Fetch what a server asks for, and say how each went, without a value')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'hushpipe;secret;help;set' {
            break
        }
        'hushpipe;secret;help;get' {
            break
        }
        'hushpipe;secret;help;list' {
            break
        }
        'hushpipe;secret;help;remove' {
            break
        }
        'hushpipe;secret;help;rekey' {
            break
        }
        'hushpipe;secret;help;forget' {
            break
        }
        'hushpipe;secret;help;test' {
            break
        }
        'hushpipe;secret;help;help' {
            break
        }
        'hushpipe;trust' {
            [CompletionResult]::new('--manifest', '--manifest', [CompletionResultType]::ParameterName, 'Read this project manifest beside your own')
            [CompletionResult]::new('--project', '--project', [CompletionResultType]::ParameterName, 'Read DIR/hushpipe.toml beside your own')
            [CompletionResult]::new('--list', '--list', [CompletionResultType]::ParameterName, 'List what was accepted')
            [CompletionResult]::new('--remove', '--remove', [CompletionResultType]::ParameterName, 'Forget what was accepted: these servers, or all of the project')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Write JSON, with --list')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'hushpipe;check' {
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'Take secret references from this profile of the manifest')
            [CompletionResult]::new('--manifest', '--manifest', [CompletionResultType]::ParameterName, 'Read this project manifest beside your own')
            [CompletionResult]::new('--project', '--project', [CompletionResultType]::ParameterName, 'Read DIR/hushpipe.toml beside your own')
            [CompletionResult]::new('--resolve', '--resolve', [CompletionResultType]::ParameterName, 'Fetch the secrets too, and say how long and how strong each is')
            [CompletionResult]::new('--offline', '--offline', [CompletionResultType]::ParameterName, 'With `--resolve`, ask no store over a network: see what the cache has, at any age')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Write JSON')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'hushpipe;doctor' {
            [CompletionResult]::new('--manifest', '--manifest', [CompletionResultType]::ParameterName, 'Read this project manifest beside your own')
            [CompletionResult]::new('--project', '--project', [CompletionResultType]::ParameterName, 'Read DIR/hushpipe.toml beside your own')
            [CompletionResult]::new('--as-client', '--as-client', [CompletionResultType]::ParameterName, 'Look with the environment that a client gives')
            [CompletionResult]::new('--fix', '--fix', [CompletionResultType]::ParameterName, 'Write the machine record anew, close what others may write, remove what cut-off installs left')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Write JSON')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'hushpipe;run' {
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'Take secret references from this profile of the manifest')
            [CompletionResult]::new('--record', '--record', [CompletionResultType]::ParameterName, 'Write every message down in this new file, as JSON Lines, with every secret withheld')
            [CompletionResult]::new('--manifest', '--manifest', [CompletionResultType]::ParameterName, 'Read this project manifest beside your own')
            [CompletionResult]::new('--project', '--project', [CompletionResultType]::ParameterName, 'Read DIR/hushpipe.toml beside your own')
            [CompletionResult]::new('--offline', '--offline', [CompletionResultType]::ParameterName, 'Ask no store over a network: values come out of the cache, however old')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'hushpipe;list' {
            [CompletionResult]::new('--manifest', '--manifest', [CompletionResultType]::ParameterName, 'Read this project manifest beside your own')
            [CompletionResult]::new('--project', '--project', [CompletionResultType]::ParameterName, 'Read DIR/hushpipe.toml beside your own')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Write JSON')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'hushpipe;explain' {
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'Take secret references from this profile of the manifest')
            [CompletionResult]::new('--manifest', '--manifest', [CompletionResultType]::ParameterName, 'Read this project manifest beside your own')
            [CompletionResult]::new('--project', '--project', [CompletionResultType]::ParameterName, 'Read DIR/hushpipe.toml beside your own')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Write JSON')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'hushpipe;verify' {
            [CompletionResult]::new('--manifest', '--manifest', [CompletionResultType]::ParameterName, 'Read this project manifest beside your own')
            [CompletionResult]::new('--project', '--project', [CompletionResultType]::ParameterName, 'Read DIR/hushpipe.toml beside your own')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Write JSON')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'hushpipe;tools' {
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'Take secret references from this profile of the manifest')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long to wait for each answer, as in 60s, 500ms or 2m; an hour at most')
            [CompletionResult]::new('--manifest', '--manifest', [CompletionResultType]::ParameterName, 'Read this project manifest beside your own')
            [CompletionResult]::new('--project', '--project', [CompletionResultType]::ParameterName, 'Read DIR/hushpipe.toml beside your own')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Show the log messages that the server sends')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Show the log messages that the server sends')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print the tools as the server described them: an array of JSON, one tool a line')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'hushpipe;call' {
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'Take secret references from this profile of the manifest')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long to wait for each answer, as in 60s, 500ms or 2m; an hour at most')
            [CompletionResult]::new('--manifest', '--manifest', [CompletionResultType]::ParameterName, 'Read this project manifest beside your own')
            [CompletionResult]::new('--project', '--project', [CompletionResultType]::ParameterName, 'Read DIR/hushpipe.toml beside your own')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Show the log messages that the server sends')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Show the log messages that the server sends')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print the result as the server wrote it')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'hushpipe;redact' {
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'What the lines are: JSON of any kind, or text; without this, each line is what it looks like')
            [CompletionResult]::new('--server', '--server', [CompletionResultType]::ParameterName, 'Use this server''s own rules, allow list and level')
            [CompletionResult]::new('--manifest', '--manifest', [CompletionResultType]::ParameterName, 'Read this project manifest beside your own')
            [CompletionResult]::new('--project', '--project', [CompletionResultType]::ParameterName, 'Read DIR/hushpipe.toml beside your own')
            [CompletionResult]::new('--report', '--report', [CompletionResultType]::ParameterName, 'Print what is found instead of the text; end with 1 when something is')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Write the report as JSON, an object a line')
            [CompletionResult]::new('--known', '--known', [CompletionResultType]::ParameterName, 'Fetch that server''s secrets, and look for them too')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'hushpipe;why' {
            [CompletionResult]::new('--last', '--last', [CompletionResultType]::ParameterName, 'How many findings to show, the newest')
            [CompletionResult]::new('--manifest', '--manifest', [CompletionResultType]::ParameterName, 'Read this project manifest beside your own')
            [CompletionResult]::new('--project', '--project', [CompletionResultType]::ParameterName, 'Read DIR/hushpipe.toml beside your own')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Write JSON')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'hushpipe;schema' {
            [CompletionResult]::new('--manifest', '--manifest', [CompletionResultType]::ParameterName, 'Read this project manifest beside your own')
            [CompletionResult]::new('--project', '--project', [CompletionResultType]::ParameterName, 'Read DIR/hushpipe.toml beside your own')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'hushpipe;completions' {
            [CompletionResult]::new('--manifest', '--manifest', [CompletionResultType]::ParameterName, 'Read this project manifest beside your own')
            [CompletionResult]::new('--project', '--project', [CompletionResultType]::ParameterName, 'Read DIR/hushpipe.toml beside your own')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'hushpipe;man' {
            [CompletionResult]::new('--manifest', '--manifest', [CompletionResultType]::ParameterName, 'Read this project manifest beside your own')
            [CompletionResult]::new('--project', '--project', [CompletionResultType]::ParameterName, 'Read DIR/hushpipe.toml beside your own')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'hushpipe;help' {
            [CompletionResult]::new('init', 'init', [CompletionResultType]::ParameterValue, 'Make the user manifest and record what this machine has')
            [CompletionResult]::new('lock', 'lock', [CompletionResultType]::ParameterValue, 'Resolve the packages of the manifest and write hushpipe.lock')
            [CompletionResult]::new('sync', 'sync', [CompletionResultType]::ParameterValue, 'Install what hushpipe.lock says, and look at this machine anew')
            [CompletionResult]::new('secret', 'secret', [CompletionResultType]::ParameterValue, 'Store, read, list, remove and test secrets')
            [CompletionResult]::new('trust', 'trust', [CompletionResultType]::ParameterValue, 'Accept the servers of a project manifest, so that they may be installed and started')
            [CompletionResult]::new('check', 'check', [CompletionResultType]::ParameterValue, 'Check the manifest, the lockfile, the installs and the references, without a value')
            [CompletionResult]::new('doctor', 'doctor', [CompletionResultType]::ParameterValue, 'Look at this machine: runtimes, permissions, stores, installs, and how to mend each')
            [CompletionResult]::new('run', 'run', [CompletionResultType]::ParameterValue, 'Start a server and relay it: the command for a client''s configuration')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the servers of the manifest')
            [CompletionResult]::new('explain', 'explain', [CompletionResultType]::ParameterValue, 'Show what would run: argv, environment names, secrets by reference, protections')
            [CompletionResult]::new('verify', 'verify', [CompletionResultType]::ParameterValue, 'Hash every installed file and compare it with what was locked')
            [CompletionResult]::new('tools', 'tools', [CompletionResultType]::ParameterValue, 'List the tools of a server, started as run starts it')
            [CompletionResult]::new('call', 'call', [CompletionResultType]::ParameterValue, 'Call a tool of a server, started as run starts it')
            [CompletionResult]::new('redact', 'redact', [CompletionResultType]::ParameterValue, 'Redact a text: stdin to stdout, by the same rules as a server''s messages')
            [CompletionResult]::new('why', 'why', [CompletionResultType]::ParameterValue, 'Tell why something was withheld: the latest findings, and how to let one pass')
            [CompletionResult]::new('schema', 'schema', [CompletionResultType]::ParameterValue, 'Print the JSON Schema of hushpipe.toml')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'Print a completion script for a shell')
            [CompletionResult]::new('man', 'man', [CompletionResultType]::ParameterValue, 'Print the manual page')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'hushpipe;help;init' {
            break
        }
        'hushpipe;help;lock' {
            break
        }
        'hushpipe;help;sync' {
            break
        }
        'hushpipe;help;secret' {
            [CompletionResult]::new('set', 'set', [CompletionResultType]::ParameterValue, 'Store a value: typed at a prompt that does not show it, or from stdin')
            [CompletionResult]::new('get', 'get', [CompletionResultType]::ParameterValue, 'Write a value to stdout, after a person typed its name at the terminal')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List what is stored: references, lengths and dates, no values')
            [CompletionResult]::new('remove', 'remove', [CompletionResultType]::ParameterValue, 'Remove a stored value')
            [CompletionResult]::new('rekey', 'rekey', [CompletionResultType]::ParameterValue, 'Move hushpipe''s own store to the key that the manifest names')
            [CompletionResult]::new('forget', 'forget', [CompletionResultType]::ParameterValue, 'Empty the cache: drop the values that were kept between launches')
            [CompletionResult]::new('test', 'test', [CompletionResultType]::ParameterValue, 'Fetch what a server asks for, and say how each went, without a value')
            break
        }
        'hushpipe;help;secret;set' {
            break
        }
        'hushpipe;help;secret;get' {
            break
        }
        'hushpipe;help;secret;list' {
            break
        }
        'hushpipe;help;secret;remove' {
            break
        }
        'hushpipe;help;secret;rekey' {
            break
        }
        'hushpipe;help;secret;forget' {
            break
        }
        'hushpipe;help;secret;test' {
            break
        }
        'hushpipe;help;trust' {
            break
        }
        'hushpipe;help;check' {
            break
        }
        'hushpipe;help;doctor' {
            break
        }
        'hushpipe;help;run' {
            break
        }
        'hushpipe;help;list' {
            break
        }
        'hushpipe;help;explain' {
            break
        }
        'hushpipe;help;verify' {
            break
        }
        'hushpipe;help;tools' {
            break
        }
        'hushpipe;help;call' {
            break
        }
        'hushpipe;help;redact' {
            break
        }
        'hushpipe;help;why' {
            break
        }
        'hushpipe;help;schema' {
            break
        }
        'hushpipe;help;completions' {
            break
        }
        'hushpipe;help;man' {
            break
        }
        'hushpipe;help;help' {
            break
        }
    })

    $completions.Where{ $_.CompletionText -like "$wordToComplete*" } |
        Sort-Object -Property ListItemText
}
