import { InvalidArgumentError, Option } from 'commander'
import type { Command } from 'commander'
import type { ChangeRequest } from '#node/host'
import {
  deviceArgument,
  historyCommand,
  leaveCommand,
  proposalsCommand,
  proposeCommand,
  suspendCommand,
  willCommand,
} from './authority-commands.ts'
import type { Globals } from './main.ts'

const QUIET = { writeErr: () => null, outputError: () => null }
const MEMBER = 'name, or key (coop members --json)'
const DEVICE = 'id, MEMBER/DEVICE or name (coop members)'

/** What every `coop propose` takes. */
interface AskOptions {
  reason: string
  dryRun: boolean
}

/** Commands about who may do what. */
export function addAuthorityCommands(program: Command, globals: () => Globals): void {
  addProposeCommands(program, globals)
  program
    .command('proposals')
    .description('what is to be decided: who asks what and why, who has signed, what it would change')
    .action(async () => proposalsCommand(globals()))
  program
    .command('sign')
    .description('approve of a proposal, as a steward')
    .argument('<id>', 'its first 8 or more digits')
    .action(async (id: string) => willCommand(globals(), 'sign', id))
  program
    .command('decline')
    .description('decline a proposal, as a steward; takes an approval back')
    .argument('<id>', 'its first 8 or more digits')
    .action(async (id: string) => willCommand(globals(), 'decline', id))
  program
    .command('history')
    .description('what was decided: the seals of the co-op')
    .option('--below <height>', 'only seals below this height', height)
    .action(async (options: { below?: number }) => historyCommand(globals(), options.below))
  program
    .command('suspend')
    .description('ask everybody to keep away from a device, at once; voids nothing')
    .argument('<device>', DEVICE, deviceArgument)
    .option('--reason <text>', 'why; everybody reads it', '')
    .action(async (device: string, options: { reason: string }) =>
      suspendCommand(globals(), device, options.reason),
    )
  program
    .command('leave')
    .description('leave the co-op with this device, for good')
    .option('--member', 'with all devices of the member; takes its recovery kit (COOP_KIT, or asked for)')
    .option('--kit-file <file>', 'the words of the kit in a file')
    .action(async (options: { member?: boolean; kitFile?: string }) => leaveCommand(globals(), options))
}

function addProposeCommands(program: Command, globals: () => Globals): void {
  const propose = program.command('propose').description('ask the stewards for a decision')
  propose.exitOverride().configureOutput(QUIET)
  const ask = async (change: ChangeRequest, { reason, dryRun }: AskOptions): Promise<void> =>
    proposeCommand(globals(), change, { reason, isDry: dryRun })
  const add = (name: string, description: string): Command =>
    propose
      .command(name)
      .description(description)
      .option('--reason <text>', 'why; everybody reads it', '')
      .option('--dry-run', 'only show what it would change', false)
  add('remove', 'remove a member with all its devices')
    .argument('<member>', MEMBER)
    .action(async (member: string, options: AskOptions) => ask({ kind: 'remove', member }, options))
  add('close', 'close a device for good')
    .argument('<device>', DEVICE, deviceArgument)
    .action(async (device: string, options: AskOptions) => ask({ kind: 'close', device }, options))
  add('demote', 'a member is a steward no longer')
    .argument('<member>', MEMBER)
    .action(async (member: string, options: AskOptions) => ask({ kind: 'demote', member }, options))
  add('add-steward', 'a member becomes a steward, or another device signs for it')
    .argument('<member>', MEMBER)
    .option('--device <device>', 'the device that signs for it', deviceArgument)
    .action(async (member: string, options: AskOptions & { device?: string }) =>
      ask({ kind: 'steward', member, device: options.device }, options),
    )
  add('role', 'another role for a member')
    .argument('<member>', MEMBER)
    .addArgument(propose.createArgument('<role>').choices(['member', 'venue', 'archive', 'observer']))
    .option('--event <event...>', 'for these events only, for example event/market')
    .action(
      async (
        member: string,
        role: 'member' | 'venue' | 'archive' | 'observer',
        options: AskOptions & { event?: string[] },
      ) => ask({ kind: 'role', member, role, scopes: options.event }, options),
    )
  add('rules', 'how many stewards decide, and who may recover the co-op')
    .addOption(new Option('--quorum <rule>', 'stewards that must agree').choices(['two-thirds', 'majority']))
    .addOption(
      new Option('--recovery <rule>', 'who may, when the stewards are gone').choices([
        'member-quorum',
        'kits',
      ]),
    )
    .action(
      async (
        options: AskOptions & {
          quorum?: 'two-thirds' | 'majority'
          recovery?: 'member-quorum' | 'kits'
        },
      ) => ask({ kind: 'rules', quorum: options.quorum, recovery: options.recovery }, options),
    )
  add('slots', 'a device may admit more')
    .argument('<device>', DEVICE, deviceArgument)
    .argument('<n>', 'how many more, 1 to 4096', slots)
    .action(async (device: string, count: number, options: AskOptions) =>
      ask({ kind: 'slots', device, count }, options),
    )
  add('lift', 'end the suspension of a device')
    .argument('<device>', DEVICE, deviceArgument)
    .action(async (device: string, options: AskOptions) => ask({ kind: 'lift', device }, options))
  add('settle', 'settle the chain of a device at a commit: chooses a branch, adopts what was late')
    .argument('<device>', DEVICE, deviceArgument)
    .argument('<commit>', 'commit id, or its first 8 or more digits')
    .action(async (device: string, commit: string, options: AskOptions) =>
      ask({ kind: 'settle', device, commit }, options),
    )
  add('floor', 'the oldest epoch still good outside the frontier')
    .argument('<height>', 'height of a seal (coop history)', height)
    .action(async (floor: number, options: AskOptions) => ask({ kind: 'floor', height: floor }, options))
  add('allow', 'a device may issue more of a unit, or draw more on its credit line')
    .argument('<device>', DEVICE, deviceArgument)
    .argument('<unit>', 'code or id (coop ledger units)')
    .argument('<amount>', 'how much more, by the scale of the unit')
    .option('--credit', 'on its credit line', false)
    .action(async (device: string, unit: string, amount: string, options: AskOptions & { credit: boolean }) =>
      ask({ kind: 'allow', right: options.credit ? 'credit' : 'issue', device, unit, amount }, options),
    )
  add('replace', 'give a device what a silent one holds; the loss account of that one bears it')
    .argument('<lost>', DEVICE, deviceArgument)
    .argument('<unit>', 'code or id (coop ledger units)')
    .argument('<amount>', 'by the scale of the unit')
    .argument('<device>', 'who gets it', deviceArgument)
    .action(async (lost: string, unit: string, amount: string, device: string, options: AskOptions) =>
      ask({ kind: 'replace', device, unit, amount, lost }, options),
    )
  for (const command of propose.commands) command.exitOverride().configureOutput(QUIET)
}

function height(text: string): number {
  const value = Number(text)
  if (Number.isSafeInteger(value) && value >= 0) return value
  throw new InvalidArgumentError('a height is a whole number.')
}

function slots(text: string): number {
  const value = Number(text)
  if (Number.isInteger(value) && value >= 1 && value <= 4_096) return value
  throw new InvalidArgumentError('give 1 to 4096 slots.')
}
