import { InvalidArgumentError, Option } from 'commander'
import type { Command } from 'commander'
import { deviceArgument } from './authority-commands.ts'
import {
  balanceCommand,
  defineCommand,
  entryCommand,
  keepCommand,
  ledgerHistoryCommand,
  rightsCommand,
  takeCommand,
  unitsCommand,
  writeCommand,
} from './ledger-commands.ts'
import type { DefineOptions, EntryOptions, HistoryOptions } from './ledger-commands.ts'
import type { Globals } from './main.ts'
import {
  defineSplitCommand,
  importCommand,
  ledgerExportCommand,
  netCommand,
  splitCommand,
  splitsCommand,
  statementCommand,
} from './money-commands.ts'
import type { PayOptions, PeriodOptions } from './money-commands.ts'

const QUIET = { writeErr: () => null, outputError: () => null }
const UNIT = 'code or id (coop ledger units)'
const AMOUNT = 'by the scale of the unit, such as 12.50'
const DEVICE = 'id, MEMBER/DEVICE or name (coop members)'
const REQUEST_ID = '32 digits that name the request: sent twice, it is written once'
const KINDS = ['money', 'credit', 'quota', 'slot', 'stock', 'seat', 'admission', 'edition'] as const

/** What moves an amount between accounts of this device. */
const MOVES: readonly (readonly [name: string, description: string])[] = [
  ['issue', 'make units that this device may issue'],
  ['withdraw', 'take back what this device issued and still holds'],
  ['consume', 'use up what this device holds: sold, eaten, handed out'],
  ['restore', 'take back what this device consumed: a return, a mistake'],
  ['return', 'hand back what this device holds and will not use'],
  ['draw', 'draw on the credit line of this device'],
  ['repay', 'pay back what was drawn'],
  ['write-back', 'give up what a seal has issued to others in the place of this device'],
]

/** Commands about money, stock and rights. */
export function addLedgerCommands(program: Command, globals: () => Globals): void {
  const ledger = program.command('ledger').description('money, credits, stock and rights: who holds what')
  ledger
    .command('units')
    .description('what is counted here, with sums')
    .action(async () => unitsCommand(globals()))
  ledger
    .command('define')
    .description('make a unit')
    .argument('<code>', 'capitals and digits, such as EUR or POSTER-A2')
    .addOption(new Option('--kind <kind>', 'what it counts').choices(KINDS).makeOptionMandatory())
    .option('--name <text>', 'for people')
    .option('--scale <n>', 'digits behind the point', whole)
    .option('--supply <amount>', 'what this device may issue of it, at most')
    .option('--relay-limit <amount>', 'of what a device was given since the last seal, what it may pass on')
    .option(
      '--expires <time>',
      'from then on it can only be handed back, for example 2027-01-31T22:00Z',
      time,
    )
    .option('--id <hex>', REQUEST_ID)
    .action(async (code: string, options: DefineOptions) => defineCommand(globals(), code, options))
  ledger
    .command('balance')
    .description('what devices hold')
    .argument('[unit]', UNIT)
    .option('--device <device>', DEVICE, deviceArgument)
    .option('--member <member>', 'name, or key')
    .action(async (unit: string | undefined, options: { device?: string; member?: string }) =>
      balanceCommand(globals(), { unit, ...options }),
    )
  ledger
    .command('rights')
    .description('what can be sold here without the mesh, and what others hold')
    .argument('[unit]', UNIT)
    .action(async (unit: string | undefined) => rightsCommand(globals(), unit))
  ledger
    .command('take')
    .description('take a share from connected devices, before this one is cut off')
    .argument('<unit>', UNIT)
    .argument('[amount]', 'so much more than there is here; default: what the rule gives')
    .addOption(
      new Option('--rule <rule>', 'what is shared out').choices(['even', 'forecast']).default('even'),
    )
    .action(async (unit: string, amount: string | undefined, options: { rule: string }) =>
      takeCommand(globals(), unit, amount === undefined ? { rule: options.rule } : { amount }),
    )
  ledger
    .command('keep')
    .description('keep a unit at hand: below the low mark this device asks others, up to the high one')
    .argument('<unit>', UNIT)
    .argument('[low]', AMOUNT)
    .argument('[high]', AMOUNT)
    .option('--off', 'no longer')
    .action(
      async (unit: string, low: string | undefined, high: string | undefined, options: { off?: boolean }) =>
        keepCommand(globals(), unit, options.off === true ? null : { low, high }),
    )
  ledger
    .command('history')
    .description('what happened, the newest first')
    .option('--unit <unit>', UNIT)
    .option('--device <device>', DEVICE, deviceArgument)
    .option('--member <member>', 'name, or key')
    .option('--type <type>', 'issue, consume, transfer …')
    .option('--text <text>', 'in memo, reference, code or name; or the beginning of the commit id')
    .option('--before <place>', 'go on from there: `next` of the page before', whole)
    .option('--limit <n>', 'entries, at most', whole, 20)
    .action(async (options: HistoryOptions) => ledgerHistoryCommand(globals(), options))
  for (const [name, description] of MOVES)
    withNotes(ledger.command(name).description(description))
      .argument('<unit>', UNIT)
      .argument('<amount>', AMOUNT)
      .action(async (unit: string, amount: string, options: EntryOptions) =>
        entryCommand(globals(), { type: name, unit, amount }, options),
      )
  withNotes(ledger.command('transfer').description('hand an amount over to another device'))
    .argument('<unit>', UNIT)
    .argument('<amount>', AMOUNT)
    .argument('<device>', DEVICE, deviceArgument)
    .option('--expires <time>', 'until then it may be used; then the rest comes back', time)
    .action(
      async (unit: string, amount: string, to: string, options: EntryOptions & { expires?: number }) => {
        const { expires, ...notes } = options
        const until = expires === undefined ? {} : { expiresMs: expires }
        return entryCommand(globals(), { type: 'transfer', unit, amount, to, ...until }, notes)
      },
    )
  ledger
    .command('write')
    .description('write several entries that stand or fall together, from a JSON file')
    .argument('<file>', '[{"type":"consume","unit":"POSTER","amount":"1"},…]; - for the standard input')
    .option('--id <hex>', REQUEST_ID)
    .action(async (file: string, options: { id?: string }) => writeCommand(globals(), file, options.id))
  addMoneyCommands(ledger, globals)
  for (const command of [ledger, ...ledger.commands]) command.exitOverride().configureOutput(QUIET)
}

function addMoneyCommands(ledger: Command, globals: () => Globals): void {
  const ofPeriod = (command: Command): Command =>
    command
      .option('--member <member>', 'of one member; default: of the co-op')
      .option('--from <time>', 'from this time on, for example 2026-11-01', time)
      .option('--until <time>', 'up to, and not with, this time', time)
  ofPeriod(
    ledger.command('statement').description('the books over a period: opening, movements, closing'),
  ).action(async (options: PeriodOptions) => statementCommand(globals(), options))
  ofPeriod(ledger.command('export').description('the books as a file for other tools'))
    .addOption(new Option('--format <format>', 'of the file').choices(EXPORT_FORMATS).makeOptionMandatory())
    .option('-o, --output <file>', 'where to; default: the standard output')
    .action(async (options: PeriodOptions & { format: string; output?: string }) =>
      ledgerExportCommand(globals(), options),
    )
  ledger
    .command('import')
    .description('bring in opening balances and stock from a CSV file')
    .argument(
      '<file>',
      'columns: code or unit, kind, scale, device or member, amount, memo; - for the standard input',
    )
    .option('--dry-run', 'only say what it would write', false)
    .action(async (file: string, options: { dryRun: boolean }) =>
      importCommand(globals(), file, options.dryRun),
    )
  ledger
    .command('split')
    .description('split an amount by a rule; without arguments: all rules')
    .argument('[rule]', 'its name')
    .argument('[unit]', UNIT)
    .argument('[amount]', AMOUNT)
    .option('--usage <party=number...>', 'what was used, for parties that are paid by it')
    .option('--pay', 'hand the parts over to the members, in one commit')
    .option('--id <hex>', REQUEST_ID)
    .option('--define <file>', 'write a rule, or a newer version of one, from a JSON file')
    .action(
      async (
        rule: string | undefined,
        unit: string | undefined,
        amount: string | undefined,
        options: PayOptions & { usage?: string[]; define?: string },
      ) => {
        if (options.define !== undefined) return defineSplitCommand(globals(), options.define)
        if (rule === undefined) return splitsCommand(globals())
        if (unit === undefined || amount === undefined)
          throw new InvalidArgumentError('give RULE UNIT AMOUNT, or nothing to see all rules.')
        return splitCommand(globals(), { rule, unit, amount }, options)
      },
    )
  ledger
    .command('net')
    .description('debts of one unit as few payments')
    .argument('<unit>', UNIT)
    .argument('<file>', '[{"debtor":"Nora","creditor":"Ada","amount":"12.50"},…]; - for the standard input')
    .option('--pay', 'hand over what the member of this device pays, in one commit')
    .option('--id <hex>', REQUEST_ID)
    .action(async (unit: string, file: string, options: PayOptions) =>
      netCommand(globals(), { unit, file }, options),
    )
}

const EXPORT_FORMATS = ['csv', 'json', 'beancount', 'hledger', 'balances'] as const

function withNotes(command: Command): Command {
  return command
    .option('--memo <text>', 'for people')
    .option('--ref <text>', 'what it pays for')
    .option('--reverses <entry>', 'the entry that it takes back: COMMIT/INDEX')
    .option('--id <hex>', REQUEST_ID)
}

function whole(text: string): number {
  const value = Number(text)
  if (/^\d{1,15}$/.test(text) && Number.isSafeInteger(value)) return value
  throw new InvalidArgumentError('give a whole number.')
}

function time(text: string): number {
  const value = Date.parse(text)
  if (Number.isFinite(value)) return value
  throw new InvalidArgumentError('give a time such as 2027-01-31T22:00Z.')
}
