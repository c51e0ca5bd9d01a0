import type { Command } from 'commander'
import type { RecoveryRequest } from '#node/host'
import { CoopError } from '#node/errors'
import { deviceArgument } from './authority-commands.ts'
import type { Globals } from './main.ts'
import {
  kitsCommand,
  recoverProposeCommand,
  recoverVoiceCommand,
  recoveriesCommand,
} from './recovery-commands.ts'

const QUIET = { writeErr: () => null, outputError: () => null }
const KIT = 'file with the words of the kit, - for what is piped in (default: COOP_KIT, else asked for)'

/** Commands for when stewards are lost. */
export function addRecoveryCommands(program: Command, globals: () => Globals): void {
  program
    .command('kits')
    .description('whose kits and devices decide and recover the co-op, and how many of them may be lost')
    .action(async () => kitsCommand(globals()))
  const recover = program
    .command('recover')
    .description('when stewards are gone: members make others; alone it shows what is under way')
    .action(async () => recoveriesCommand(globals()))
  recover.exitOverride().configureOutput(QUIET)
  recover
    .command('propose')
    .description('speak for a change of stewards; who asks for the same speaks for the same recovery')
    .option('--steward <member>', 'shall be a steward; MEMBER=DEVICE says which device signs', listed, [])
    .option('--demote <member>', 'shall be a steward no longer', listed, [])
    .option('--kit, --kit-file <file>', KIT)
    .option('--dry-run', 'only show what it would change', false)
    .action(async (options: { steward: string[]; demote: string[]; kitFile?: string; dryRun: boolean }) =>
      recoverProposeCommand(globals(), {
        changes: [
          ...options.steward.map(stewardRequest),
          ...options.demote.map((member): RecoveryRequest => ({ kind: 'demote', member })),
        ],
        kitFile: options.kitFile,
        isDry: options.dryRun,
      }),
    )
  recover
    .command('voice')
    .description('speak for a recovery that somebody asked for')
    .argument('<id>', 'its first 8 or more digits')
    .option('--kit, --kit-file <file>', KIT)
    .action(async (id: string, options: { kitFile?: string }) =>
      recoverVoiceCommand(globals(), id, options.kitFile),
    )
  for (const command of recover.commands) command.exitOverride().configureOutput(QUIET)
}

function listed(text: string, before: readonly string[]): string[] {
  return [...before, text]
}

/** `MEMBER`, or `MEMBER=DEVICE`. */
function stewardRequest(text: string): RecoveryRequest {
  const at = text.indexOf('=')
  if (at < 0) return { kind: 'steward', member: text }
  const [member, device] = [text.slice(0, at), text.slice(at + 1)]
  if (member !== '' && device !== '') return { kind: 'steward', member, device: deviceArgument(device) }
  throw new CoopError('usage', `'${text.slice(0, 80)}' is no MEMBER=DEVICE`, 'Run `coop kits` to see both.')
}
