
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
            [CompletionResult]::new('--manifest', '--manifest', [CompletionResultType]::ParameterName, 'Read this project manifest in addition to your own')
            [CompletionResult]::new('--project', '--project', [CompletionResultType]::ParameterName, 'Read DIR/hushpipe.toml in addition to your own')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('-V', '-V ', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('--version', '--version', [CompletionResultType]::ParameterName, 'Print version')
            [CompletionResult]::new('init', 'init', [CompletionResultType]::ParameterValue, 'Create your manifest and record this machine''s runtimes and PATH')
            [CompletionResult]::new('lock', 'lock', [CompletionResultType]::ParameterValue, 'Resolve the packages of the manifest and write hushpipe.lock')
            [CompletionResult]::new('sync', 'sync', [CompletionResultType]::ParameterValue, 'Install what hushpipe.lock lists, and record this machine again')
            [CompletionResult]::new('secret', 'secret', [CompletionResultType]::ParameterValue, 'Store, read, list, remove and test secrets')
            [CompletionResult]::new('trust', 'trust', [CompletionResultType]::ParameterValue, 'Accept the servers of a project manifest, so that they can be installed and started')
            [CompletionResult]::new('check', 'check', [CompletionResultType]::ParameterValue, 'Check the manifest, the lockfile, the installs and the secret references')
            [CompletionResult]::new('doctor', 'doctor', [CompletionResultType]::ParameterValue, 'Find what stops servers from working on this machine, and how to fix it')
            [CompletionResult]::new('run', 'run', [CompletionResultType]::ParameterValue, 'Start a server and relay its messages: the command for a client''s configuration')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the servers of the manifest')
            [CompletionResult]::new('explain', 'explain', [CompletionResultType]::ParameterValue, 'Show what `run` would start: arguments, environment, secret references, protections')
            [CompletionResult]::new('verify', 'verify', [CompletionResultType]::ParameterValue, 'Hash every installed file and compare it with the lock')
            [CompletionResult]::new('tools', 'tools', [CompletionResultType]::ParameterValue, 'List the tools of a server')
            [CompletionResult]::new('call', 'call', [CompletionResultType]::ParameterValue, 'Call a tool of a server')
            [CompletionResult]::new('redact', 'redact', [CompletionResultType]::ParameterValue, 'Redact stdin to stdout, by the same rules as a server''s messages')
            [CompletionResult]::new('why', 'why', [CompletionResultType]::ParameterValue, 'Show why something was withheld: the latest findings, and how to allow one')
            [CompletionResult]::new('schema', 'schema', [CompletionResultType]::ParameterValue, 'Print the JSON Schema of hushpipe.toml')
            [CompletionResult]::new('completions', 'completions', [CompletionResultType]::ParameterValue, 'Print a completion script for a shell')
            [CompletionResult]::new('man', 'man', [CompletionResultType]::ParameterValue, 'Print the manual page')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'hushpipe;init' {
            [CompletionResult]::new('--manifest', '--manifest', [CompletionResultType]::ParameterName, 'Read this project manifest in addition to your own')
            [CompletionResult]::new('--project', '--project', [CompletionResultType]::ParameterName, 'Read DIR/hushpipe.toml in addition to your own')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'hushpipe;lock' {
            [CompletionResult]::new('--manifest', '--manifest', [CompletionResultType]::ParameterName, 'Read this project manifest in addition to your own')
            [CompletionResult]::new('--project', '--project', [CompletionResultType]::ParameterName, 'Read DIR/hushpipe.toml in addition to your own')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'hushpipe;sync' {
            [CompletionResult]::new('--manifest', '--manifest', [CompletionResultType]::ParameterName, 'Read this project manifest in addition to your own')
            [CompletionResult]::new('--project', '--project', [CompletionResultType]::ParameterName, 'Read DIR/hushpipe.toml in addition to your own')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'hushpipe;secret' {
            [CompletionResult]::new('--manifest', '--manifest', [CompletionResultType]::ParameterName, 'Read this project manifest in addition to your own')
            [CompletionResult]::new('--project', '--project', [CompletionResultType]::ParameterName, 'Read DIR/hushpipe.toml in addition to your own')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('set', 'set', [CompletionResultType]::ParameterValue, 'Store a value: typed at a hidden prompt, or from stdin')
            [CompletionResult]::new('get', 'get', [CompletionResultType]::ParameterValue, 'Write a value to stdout, after a person has typed its name at the terminal')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List what is stored: references, lengths and dates, no values')
            [CompletionResult]::new('remove', 'remove', [CompletionResultType]::ParameterValue, 'Remove a stored value')
            [CompletionResult]::new('rekey', 'rekey', [CompletionResultType]::ParameterValue, 'Re-encrypt hushpipe''s own store with the key that the manifest names')
            [CompletionResult]::new('forget', 'forget', [CompletionResultType]::ParameterValue, 'Empty the cache of values kept between launches')
            [CompletionResult]::new('test', 'test', [CompletionResultType]::ParameterValue, 'Fetch a server''s secrets and report each result, without showing a value')
            [CompletionResult]::new('help', 'help', [CompletionResultType]::ParameterValue, 'Print this message or the help of the given subcommand(s)')
            break
        }
        'hushpipe;secret;set' {
            [CompletionResult]::new('--unwrap', '--unwrap', [CompletionResultType]::ParameterName, 'Read a wrapping token, and store what this `vault` provider unwraps from it')
            [CompletionResult]::new('--manifest', '--manifest', [CompletionResultType]::ParameterName, 'Read this project manifest in addition to your own')
            [CompletionResult]::new('--project', '--project', [CompletionResultType]::ParameterName, 'Read DIR/hushpipe.toml in addition to your own')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'hushpipe;secret;get' {
            [CompletionResult]::new('--manifest', '--manifest', [CompletionResultType]::ParameterName, 'Read this project manifest in addition to your own')
            [CompletionResult]::new('--project', '--project', [CompletionResultType]::ParameterName, 'Read DIR/hushpipe.toml in addition to your own')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'hushpipe;secret;list' {
            [CompletionResult]::new('--manifest', '--manifest', [CompletionResultType]::ParameterName, 'Read this project manifest in addition to your own')
            [CompletionResult]::new('--project', '--project', [CompletionResultType]::ParameterName, 'Read DIR/hushpipe.toml in addition to your own')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Write JSON')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'hushpipe;secret;remove' {
            [CompletionResult]::new('--manifest', '--manifest', [CompletionResultType]::ParameterName, 'Read this project manifest in addition to your own')
            [CompletionResult]::new('--project', '--project', [CompletionResultType]::ParameterName, 'Read DIR/hushpipe.toml in addition to your own')
            [CompletionResult]::new('-y', '-y', [CompletionResultType]::ParameterName, 'Do not ask for confirmation')
            [CompletionResult]::new('--yes', '--yes', [CompletionResultType]::ParameterName, 'Do not ask for confirmation')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'hushpipe;secret;rekey' {
            [CompletionResult]::new('--from', '--from', [CompletionResultType]::ParameterName, 'Where the old key is: `file:///path`, `keychain://account`, `systemd-credential://name` or `passphrase-file:///path`; without it the file `local.key` beside the manifest')
            [CompletionResult]::new('--manifest', '--manifest', [CompletionResultType]::ParameterName, 'Read this project manifest in addition to your own')
            [CompletionResult]::new('--project', '--project', [CompletionResultType]::ParameterName, 'Read DIR/hushpipe.toml in addition to your own')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'hushpipe;secret;forget' {
            [CompletionResult]::new('--manifest', '--manifest', [CompletionResultType]::ParameterName, 'Read this project manifest in addition to your own')
            [CompletionResult]::new('--project', '--project', [CompletionResultType]::ParameterName, 'Read DIR/hushpipe.toml in addition to your own')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'hushpipe;secret;test' {
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'Use the secret references of this profile')
            [CompletionResult]::new('--manifest', '--manifest', [CompletionResultType]::ParameterName, 'Read this project manifest in addition to your own')
            [CompletionResult]::new('--project', '--project', [CompletionResultType]::ParameterName, 'Read DIR/hushpipe.toml in addition to your own')
            [CompletionResult]::new('--offline', '--offline', [CompletionResultType]::ParameterName, 'Use only the cache, at any age: no store is asked over a network')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Write JSON')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'hushpipe;secret;help' {
            [CompletionResult]::new('set', 'set', [CompletionResultType]::ParameterValue, 'Store a value: typed at a hidden prompt, or from stdin')
            [CompletionResult]::new('get', 'get', [CompletionResultType]::ParameterValue, 'Write a value to stdout, after a person has typed its name at the terminal')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List what is stored: references, lengths and dates, no values')
            [CompletionResult]::new('remove', 'remove', [CompletionResultType]::ParameterValue, 'Remove a stored value')
            [CompletionResult]::new('rekey', 'rekey', [CompletionResultType]::ParameterValue, 'Re-encrypt hushpipe''s own store with the key that the manifest names')
            [CompletionResult]::new('forget', 'forget', [CompletionResultType]::ParameterValue, 'Empty the cache of values kept between launches')
            [CompletionResult]::new('test', 'test', [CompletionResultType]::ParameterValue, 'Fetch a server''s secrets and report each result, without showing a value')
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
            [CompletionResult]::new('--manifest', '--manifest', [CompletionResultType]::ParameterName, 'Read this project manifest in addition to your own')
            [CompletionResult]::new('--project', '--project', [CompletionResultType]::ParameterName, 'Read DIR/hushpipe.toml in addition to your own')
            [CompletionResult]::new('--list', '--list', [CompletionResultType]::ParameterName, 'List what was accepted')
            [CompletionResult]::new('--remove', '--remove', [CompletionResultType]::ParameterName, 'Forget these servers, or all servers of the project')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Write JSON, with --list')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'hushpipe;check' {
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'Use the secret references of this profile')
            [CompletionResult]::new('--manifest', '--manifest', [CompletionResultType]::ParameterName, 'Read this project manifest in addition to your own')
            [CompletionResult]::new('--project', '--project', [CompletionResultType]::ParameterName, 'Read DIR/hushpipe.toml in addition to your own')
            [CompletionResult]::new('--resolve', '--resolve', [CompletionResultType]::ParameterName, 'Fetch the secrets too, and report the length and strength of each')
            [CompletionResult]::new('--offline', '--offline', [CompletionResultType]::ParameterName, 'With `--resolve`, use only the cache, at any age: no store is asked over a network')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Write JSON')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'hushpipe;doctor' {
            [CompletionResult]::new('--manifest', '--manifest', [CompletionResultType]::ParameterName, 'Read this project manifest in addition to your own')
            [CompletionResult]::new('--project', '--project', [CompletionResultType]::ParameterName, 'Read DIR/hushpipe.toml in addition to your own')
            [CompletionResult]::new('--as-client', '--as-client', [CompletionResultType]::ParameterName, 'Use the environment that a desktop client would pass')
            [CompletionResult]::new('--fix', '--fix', [CompletionResultType]::ParameterName, 'Rewrite the machine record, restrict files that others can write, remove interrupted installs')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Write JSON')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'hushpipe;run' {
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'Use the secret references of this profile')
            [CompletionResult]::new('--record', '--record', [CompletionResultType]::ParameterName, 'Record every message in this new file, as JSON Lines, with every secret withheld')
            [CompletionResult]::new('--manifest', '--manifest', [CompletionResultType]::ParameterName, 'Read this project manifest in addition to your own')
            [CompletionResult]::new('--project', '--project', [CompletionResultType]::ParameterName, 'Read DIR/hushpipe.toml in addition to your own')
            [CompletionResult]::new('--offline', '--offline', [CompletionResultType]::ParameterName, 'Use only the cache, at any age: no store is asked over a network')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'hushpipe;list' {
            [CompletionResult]::new('--manifest', '--manifest', [CompletionResultType]::ParameterName, 'Read this project manifest in addition to your own')
            [CompletionResult]::new('--project', '--project', [CompletionResultType]::ParameterName, 'Read DIR/hushpipe.toml in addition to your own')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Write JSON')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'hushpipe;explain' {
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'Use the secret references of this profile')
            [CompletionResult]::new('--manifest', '--manifest', [CompletionResultType]::ParameterName, 'Read this project manifest in addition to your own')
            [CompletionResult]::new('--project', '--project', [CompletionResultType]::ParameterName, 'Read DIR/hushpipe.toml in addition to your own')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Write JSON')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'hushpipe;verify' {
            [CompletionResult]::new('--manifest', '--manifest', [CompletionResultType]::ParameterName, 'Read this project manifest in addition to your own')
            [CompletionResult]::new('--project', '--project', [CompletionResultType]::ParameterName, 'Read DIR/hushpipe.toml in addition to your own')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Write JSON')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'hushpipe;tools' {
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'Use the secret references of this profile')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long to wait for each answer, such as 60s, 500ms or 2m; an hour at most')
            [CompletionResult]::new('--manifest', '--manifest', [CompletionResultType]::ParameterName, 'Read this project manifest in addition to your own')
            [CompletionResult]::new('--project', '--project', [CompletionResultType]::ParameterName, 'Read DIR/hushpipe.toml in addition to your own')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Show the log messages that the server sends')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Show the log messages that the server sends')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print the tools as the server described them: a JSON array, one tool a line')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'hushpipe;call' {
            [CompletionResult]::new('--profile', '--profile', [CompletionResultType]::ParameterName, 'Use the secret references of this profile')
            [CompletionResult]::new('--timeout', '--timeout', [CompletionResultType]::ParameterName, 'How long to wait for each answer, such as 60s, 500ms or 2m; an hour at most')
            [CompletionResult]::new('--manifest', '--manifest', [CompletionResultType]::ParameterName, 'Read this project manifest in addition to your own')
            [CompletionResult]::new('--project', '--project', [CompletionResultType]::ParameterName, 'Read DIR/hushpipe.toml in addition to your own')
            [CompletionResult]::new('-v', '-v', [CompletionResultType]::ParameterName, 'Show the log messages that the server sends')
            [CompletionResult]::new('--verbose', '--verbose', [CompletionResultType]::ParameterName, 'Show the log messages that the server sends')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Print the result as the server wrote it')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'hushpipe;redact' {
            [CompletionResult]::new('--format', '--format', [CompletionResultType]::ParameterName, 'Read every line as JSON, or as text; by default each line is judged by its look')
            [CompletionResult]::new('--server', '--server', [CompletionResultType]::ParameterName, 'Use this server''s own rules, `allow` list and level')
            [CompletionResult]::new('--manifest', '--manifest', [CompletionResultType]::ParameterName, 'Read this project manifest in addition to your own')
            [CompletionResult]::new('--project', '--project', [CompletionResultType]::ParameterName, 'Read DIR/hushpipe.toml in addition to your own')
            [CompletionResult]::new('--report', '--report', [CompletionResultType]::ParameterName, 'Print the findings instead of the text; exit with 1 if there are any')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Write the report as JSON, one object a line')
            [CompletionResult]::new('--known', '--known', [CompletionResultType]::ParameterName, 'Fetch that server''s secrets, and search for them too')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'hushpipe;why' {
            [CompletionResult]::new('--last', '--last', [CompletionResultType]::ParameterName, 'How many of the newest findings to show')
            [CompletionResult]::new('--manifest', '--manifest', [CompletionResultType]::ParameterName, 'Read this project manifest in addition to your own')
            [CompletionResult]::new('--project', '--project', [CompletionResultType]::ParameterName, 'Read DIR/hushpipe.toml in addition to your own')
            [CompletionResult]::new('--json', '--json', [CompletionResultType]::ParameterName, 'Write JSON')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'hushpipe;schema' {
            [CompletionResult]::new('--manifest', '--manifest', [CompletionResultType]::ParameterName, 'Read this project manifest in addition to your own')
            [CompletionResult]::new('--project', '--project', [CompletionResultType]::ParameterName, 'Read DIR/hushpipe.toml in addition to your own')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'hushpipe;completions' {
            [CompletionResult]::new('--manifest', '--manifest', [CompletionResultType]::ParameterName, 'Read this project manifest in addition to your own')
            [CompletionResult]::new('--project', '--project', [CompletionResultType]::ParameterName, 'Read DIR/hushpipe.toml in addition to your own')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'hushpipe;man' {
            [CompletionResult]::new('--manifest', '--manifest', [CompletionResultType]::ParameterName, 'Read this project manifest in addition to your own')
            [CompletionResult]::new('--project', '--project', [CompletionResultType]::ParameterName, 'Read DIR/hushpipe.toml in addition to your own')
            [CompletionResult]::new('-h', '-h', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            [CompletionResult]::new('--help', '--help', [CompletionResultType]::ParameterName, 'Print help (see more with ''--help'')')
            break
        }
        'hushpipe;help' {
            [CompletionResult]::new('init', 'init', [CompletionResultType]::ParameterValue, 'Create your manifest and record this machine''s runtimes and PATH')
            [CompletionResult]::new('lock', 'lock', [CompletionResultType]::ParameterValue, 'Resolve the packages of the manifest and write hushpipe.lock')
            [CompletionResult]::new('sync', 'sync', [CompletionResultType]::ParameterValue, 'Install what hushpipe.lock lists, and record this machine again')
            [CompletionResult]::new('secret', 'secret', [CompletionResultType]::ParameterValue, 'Store, read, list, remove and test secrets')
            [CompletionResult]::new('trust', 'trust', [CompletionResultType]::ParameterValue, 'Accept the servers of a project manifest, so that they can be installed and started')
            [CompletionResult]::new('check', 'check', [CompletionResultType]::ParameterValue, 'Check the manifest, the lockfile, the installs and the secret references')
            [CompletionResult]::new('doctor', 'doctor', [CompletionResultType]::ParameterValue, 'Find what stops servers from working on this machine, and how to fix it')
            [CompletionResult]::new('run', 'run', [CompletionResultType]::ParameterValue, 'Start a server and relay its messages: the command for a client''s configuration')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List the servers of the manifest')
            [CompletionResult]::new('explain', 'explain', [CompletionResultType]::ParameterValue, 'Show what `run` would start: arguments, environment, secret references, protections')
            [CompletionResult]::new('verify', 'verify', [CompletionResultType]::ParameterValue, 'Hash every installed file and compare it with the lock')
            [CompletionResult]::new('tools', 'tools', [CompletionResultType]::ParameterValue, 'List the tools of a server')
            [CompletionResult]::new('call', 'call', [CompletionResultType]::ParameterValue, 'Call a tool of a server')
            [CompletionResult]::new('redact', 'redact', [CompletionResultType]::ParameterValue, 'Redact stdin to stdout, by the same rules as a server''s messages')
            [CompletionResult]::new('why', 'why', [CompletionResultType]::ParameterValue, 'Show why something was withheld: the latest findings, and how to allow one')
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
            [CompletionResult]::new('set', 'set', [CompletionResultType]::ParameterValue, 'Store a value: typed at a hidden prompt, or from stdin')
            [CompletionResult]::new('get', 'get', [CompletionResultType]::ParameterValue, 'Write a value to stdout, after a person has typed its name at the terminal')
            [CompletionResult]::new('list', 'list', [CompletionResultType]::ParameterValue, 'List what is stored: references, lengths and dates, no values')
            [CompletionResult]::new('remove', 'remove', [CompletionResultType]::ParameterValue, 'Remove a stored value')
            [CompletionResult]::new('rekey', 'rekey', [CompletionResultType]::ParameterValue, 'Re-encrypt hushpipe''s own store with the key that the manifest names')
            [CompletionResult]::new('forget', 'forget', [CompletionResultType]::ParameterValue, 'Empty the cache of values kept between launches')
            [CompletionResult]::new('test', 'test', [CompletionResultType]::ParameterValue, 'Fetch a server''s secrets and report each result, without showing a value')
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
