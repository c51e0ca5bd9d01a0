import { InvalidArgumentError, Option } from 'commander'
import type { Command } from 'commander'
import { deviceArgument } from './authority-commands.ts'
import {
  bucketCommand,
  classCommand,
  createEventCommand,
  doublesCommand,
  eventLogCommand,
  eventsCommand,
  handCommand,
  lostCommand,
  showEventCommand,
  takeBucketsCommand,
  undoCommand,
  zoneCommand,
} from './event-commands.ts'
import type { ClassOptions, EventOptions, LogOptions } from './event-commands.ts'
import { cancelCommand, exportTicketsCommand, issueCommand, scanCommand } from './ticket-commands.ts'
import type { IssueOptions, ScanOptions } from './ticket-commands.ts'
import type { Globals } from './main.ts'

const QUIET = { writeErr: () => null, outputError: () => null }
const EVENT = 'name, or first letters of its id (coop event list)'
const CLASS = 'name, code or unit (coop event show)'
const GROUP = 'gate group, as it is printed on tickets'
const TICKET = 'what its QR code holds, or its code of 16 letters; - for the standard input'
const REQUEST_ID = '32 digits that name the request: sent twice, it is done once'

/** Commands about events, tickets and gates. */
export function addTicketCommands(program: Command, globals: () => Globals): void {
  const event = program.command('event').description('events: classes, zones, gates, figures')
  addEventCommands(event, globals)
  addGateCommands(event, globals)
  const ticket = program.command('ticket').description('tickets: issue, check, let in, end')
  addOneTicketCommands(ticket, globals)
  for (const command of [event, ...event.commands, ticket, ...ticket.commands])
    command.exitOverride().configureOutput(QUIET)
}

function addEventCommands(event: Command, globals: () => Globals): void {
  event
    .command('create')
    .description('make an event')
    .argument('<name>', 'as people know it')
    .requiredOption('--starts <time>', 'for example 2027-01-31T19:00Z', time)
    .option('--ends <time>', 'default: eight hours later', time)
    .option('--place <text>', 'where it is')
    .option('--utc-offset <minutes>', 'what its clocks show beside UTC', signed)
    .option('--day-start <minutes>', 'when its day begins, minutes after midnight by its clocks', whole)
    .option('--id <hex>', REQUEST_ID)
    .action(async (name: string, options: EventOptions) => createEventCommand(globals(), name, options))
  event
    .command('list')
    .description('events, the latest first')
    .action(async () => eventsCommand(globals()))
  event
    .command('show')
    .description('an event: classes, gates, zones, figures, and what this gate can promise')
    .argument('<event>', EVENT)
    .option('--gate <group>', GROUP)
    .action(async (name: string, options: { gate?: string }) =>
      showEventCommand(globals(), name, options.gate),
    )
  event
    .command('class')
    .description('add a class of tickets with its seats, or say anew what one is')
    .argument('<event>', EVENT)
    .argument('<name>', 'of the class')
    .option('--change <class>', 'one that is there already: name, code or unit')
    .option('--seats <n>', 'of a new class', positive)
    .addOption(
      new Option('--policy <policy>', 'who admits: the gate that holds the bucket, or any').choices([
        'exclusive',
        'open',
      ]),
    )
    .option('--exposure <n>', 'open admissions that a gate may make while others have not heard', whole)
    .option('--price <price...>', 'CURRENCY:AMOUNT[@FROM/UNTIL], for example EUR:12.00@/2027-01-01T00:00Z')
    .option('--from <time>', 'valid from then on', time)
    .option('--until <time>', 'valid until then', time)
    .option('--zones <zone...>', 'zones that it opens; default: all')
    .option('--reentry', 'who left may come in again')
    .option('--known-only', 'only tickets whose issue is known at the gate')
    .option('--rule <json>', 'what else must hold, for example ["entries-today",1]')
    .option('--id <hex>', REQUEST_ID)
    .action(async (name: string, label: string, options: ClassOptions) =>
      classCommand(globals(), { event: name, name: label }, options),
    )
  event
    .command('zone')
    .description('add a zone that holds so many people')
    .argument('<event>', EVENT)
    .argument('<name>', 'of the zone')
    .argument('<people>', 'that it holds', positive)
    .option('--id <hex>', REQUEST_ID)
    .action(async (name: string, zone: string, capacity: number, options: { id?: string }) =>
      zoneCommand(globals(), name, { name: zone, capacity, ...options }),
    )
  event
    .command('bucket')
    .description('make buckets of a gate group: tickets are issued from them, and who holds one admits')
    .argument('<event>', EVENT)
    .argument('<group>', GROUP)
    .option('--count <n>', 'how many', positive, 1)
    .option('--id <hex>', REQUEST_ID)
    .action(async (name: string, group: string, options: { count: number; id?: string }) =>
      bucketCommand(globals(), name, { group, ...options }),
    )
}

function addGateCommands(event: Command, globals: () => Globals): void {
  event
    .command('hand')
    .description('hand the buckets of a gate group over to a device')
    .argument('<event>', EVENT)
    .argument('<group>', GROUP)
    .argument('<device>', 'id, MEMBER/DEVICE or name (coop members)', deviceArgument)
    .action(async (name: string, group: string, device: string) =>
      handCommand(globals(), name, { group, device }),
    )
  event
    .command('handover')
    .description('hand all buckets that are here over to a device, at closing or before a cut-off')
    .argument('<event>', EVENT)
    .argument('<device>', 'id, MEMBER/DEVICE or name (coop members)', deviceArgument)
    .action(async (name: string, device: string) => handCommand(globals(), name, { device }))
  event
    .command('take')
    .description('fetch the buckets of a gate group from devices in reach, before this one is cut off')
    .argument('<event>', EVENT)
    .argument('<group>', GROUP)
    .action(async (name: string, group: string) => takeBucketsCommand(globals(), name, group))
  event
    .command('lost')
    .description('say that a gate is lost: its tickets are admitted openly from now on')
    .argument('<event>', EVENT)
    .argument('<bucket>', 'gate group, or one bucket')
    .option('--found', 'it is not lost after all')
    .action(async (name: string, bucket: string, options: { found?: boolean }) =>
      lostCommand(globals(), name, { bucket, lost: options.found !== true }),
    )
  event
    .command('log')
    .description('who passed and who was not let in, the newest first')
    .argument('<event>', EVENT)
    .option('--gate <group>', GROUP)
    .option('--verdict <verdict>', 'admitted, left, already-admitted …')
    .option('--before <place>', 'go on from there: `next` of the page before', whole)
    .option('--limit <n>', 'rows, at most', positive, 20)
    .option('--csv <file>', 'all of it as CSV; - for the standard output')
    .action(async (name: string, options: LogOptions) => eventLogCommand(globals(), name, options))
  event
    .command('doubles')
    .description('seats that were let in twice, with what both gates signed')
    .argument('<event>', EVENT)
    .option('-o, --output <file>', 'the evidence as JSON')
    .action(async (name: string, options: { output?: string }) =>
      doublesCommand(globals(), name, options.output),
    )
  event
    .command('undo')
    .description('take back a pass that was a mistake')
    .argument('<event>', EVENT)
    .argument('<admission>', 'COMMIT/INDEX, of the commit its first 8 or more digits (coop event log)')
    .argument('<reason>', 'why')
    .action(async (name: string, admission: string, reason: string) =>
      undoCommand(globals(), name, { admission, reason }),
    )
}

function addOneTicketCommands(ticket: Command, globals: () => Globals): void {
  ticket
    .command('issue')
    .description('issue tickets; each takes a seat of its class')
    .argument('<event>', EVENT)
    .argument('<class>', CLASS)
    .argument('[count]', 'how many', positive, 1)
    .option('--group <group>', `${GROUP}; default: one that is here`)
    .option(
      '--holder <key>',
      'key of the phone that shows it, 64 hexadecimal digits; 96, with a seat hash, make it blind',
    )
    .option('--details <text>', 'sealed with the ticket: a name, a seat')
    .option('--guests <file>', 'a line of details for each ticket, from a file')
    .option('--complimentary', 'for nothing')
    .option('--id <hex>', `${REQUEST_ID}, and goes on where it was interrupted`)
    .option('-o, --output <file>', 'the tickets as CSV')
    .action(async (name: string, label: string, count: number, options: IssueOptions) =>
      issueCommand(globals(), { event: name, class: label, count }, options),
    )
  for (const [name, description] of [
    ['verify', 'say what the gate would say of a ticket'],
    ['redeem', 'let somebody in with a ticket, or out'],
  ] as const) {
    const command = ticket
      .command(name)
      .description(description)
      .argument('<event>', EVENT)
      .argument('<ticket>', TICKET)
      .requiredOption('--gate <group>', GROUP)
      .option('--zone <zone>', 'that the gate leads into')
      .option('--out', 'somebody leaves')
      .option('--override <reason>', 'let in against the rules: signed')
      .option('--id <hex>', REQUEST_ID)
      .action(async (event: string, text: string, options: ScanOptions) =>
        scanCommand(globals(), { event, text, isTrial: name === 'verify' }, options),
      )
    if (name === 'redeem')
      command.option('--fetch', 'fetch its bucket first, if another gate in reach holds it')
  }
  for (const [action, description] of [
    ['revoke', 'end a ticket'],
    ['refund', 'end a ticket and give its price and seat back'],
    ['reissue', 'end a ticket and issue another one for the same seat'],
  ] as const)
    ticket
      .command(action)
      .description(description)
      .argument('<event>', EVENT)
      .argument('<ticket>', TICKET)
      .option('--reason <text>', 'why')
      .option('--holder <key>', 'of a reissue: key of the phone that shows the new one')
      .option('--id <hex>', REQUEST_ID)
      .action(
        async (event: string, text: string, options: { reason?: string; holder?: string; id?: string }) =>
          cancelCommand(globals(), { event, ticket: text, action }, options),
      )
  ticket
    .command('export')
    .description('the tickets that this device issued, as CSV')
    .argument('<event>', EVENT)
    .option('-o, --output <file>', 'where to; default: the standard output')
    .action(async (event: string, options: { output?: string }) =>
      exportTicketsCommand(globals(), event, options.output),
    )
}

function positive(text: string): number {
  const value = whole(text)
  if (value > 0) return value
  throw new InvalidArgumentError('give a whole number of 1 or more.')
}

function whole(text: string): number {
  const value = Number(text)
  if (/^\d{1,15}$/.test(text) && Number.isSafeInteger(value)) return value
  throw new InvalidArgumentError('give a whole number.')
}

function signed(text: string): number {
  const value = Number(text)
  if (/^-?\d{1,4}$/.test(text)) return value
  throw new InvalidArgumentError('give minutes, such as 60 or -300.')
}

function time(text: string): number {
  const value = Date.parse(text)
  if (Number.isFinite(value)) return value
  throw new InvalidArgumentError('give a time such as 2027-01-31T22:00Z.')
}
