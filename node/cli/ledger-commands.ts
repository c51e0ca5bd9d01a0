import { readFile } from 'node:fs/promises'
import { text as textOf } from 'node:stream/consumers'
import type {
  BalanceView,
  DefinedUnit,
  EntryView,
  HistoryPage,
  RightsView,
  Taken,
  UnitView,
  WrittenEntries,
} from '#node/host'
import { CoopError } from '#node/errors'
import { NodeClient } from './client.ts'
import type { Globals } from './main.ts'
import { paint, printResult, safe, table } from './output.ts'

/** Options of `coop ledger define`. */
export interface DefineOptions {
  kind: string
  name?: string
  scale?: number
  supply?: string
  relayLimit?: string
  expires?: number
  id?: string
}

/** What every entry takes. */
export interface EntryOptions {
  memo?: string
  ref?: string
  reverses?: string
  id?: string
}

/** Options of `coop ledger history`. */
export interface HistoryOptions {
  unit?: string
  device?: string
  member?: string
  type?: string
  text?: string
  before?: number
  limit: number
}

/** `coop ledger units`. */
export async function unitsCommand(globals: Globals): Promise<void> {
  const client = await NodeClient.need(globals.data)
  const view = (await client.call('GET', '/v1/ledger/units')) as { units: UnitView[] }
  const rows = view.units.map(({ code, kind, id, sums, name }) => [
    ...[code, kind, sums.issued, sums.held, sums.inFlight, sums.used, sums.returned],
    ...[sums.deficits, sums.loss, id, name === code ? '' : name],
  ])
  const head = [
    'CODE',
    'KIND',
    'ISSUED',
    'HELD',
    'UNDER WAY',
    'USED',
    'RETURNED',
    'DEFICIT',
    'LOSS',
    'ID',
    'NAME',
  ]
  const text =
    rows.length === 0
      ? 'nothing is counted yet\nto begin: coop ledger define POSTER --kind stock; coop ledger issue POSTER 50'
      : table(head, rows)
  printResult(globals, view, text)
}

/** `coop ledger define CODE`. */
export async function defineCommand(globals: Globals, code: string, options: DefineOptions): Promise<void> {
  const client = await NodeClient.need(globals.data)
  const { kind, name, scale, supply, relayLimit: relayMax, expires: expiresMs, id } = options
  const made = (await client.call('POST', '/v1/ledger/units', {
    ...{ code, kind, name, scale, supply, relayMax, expiresMs, id },
  })) as DefinedUnit
  printResult(globals, made, writtenText(made, `${code.toUpperCase()} is ${made.unit}`))
}

/** `coop ledger balance [UNIT]`. */
export async function balanceCommand(
  globals: Globals,
  filter: { unit?: string | undefined; device?: string; member?: string },
): Promise<void> {
  const client = await NodeClient.need(globals.data)
  const view = (await client.call('GET', `/v1/ledger/balances${queryOf(filter)}`)) as {
    balances: BalanceView[]
  }
  const rows = view.balances.map((it) => [
    ...[
      it.code,
      `${it.device.name}/${it.device.deviceName}${it.isOwn ? ' (here)' : ''}`,
      it.held,
      it.incoming,
    ],
    ...[anyText(it.issuable), it.credit, it.used, it.deficit, it.loss],
  ])
  const head = ['UNIT', 'DEVICE', 'HELD', 'INCOMING', 'MAY ISSUE', 'CREDIT', 'USED', 'DEFICIT', 'LOSS']
  printResult(globals, view, rows.length === 0 ? 'nobody holds anything of it' : table(head, rows))
}

/** `coop ledger rights [UNIT]`. */
export async function rightsCommand(globals: Globals, unit: string | undefined): Promise<void> {
  const client = await NodeClient.need(globals.data)
  const view = (await client.call('GET', `/v1/ledger/rights${queryOf({ unit })}`)) as { rights: RightsView[] }
  const text = view.rights.map(rightsText).join('\n\n')
  printResult(globals, view, text === '' ? 'nothing is counted yet' : text)
}

/** `coop ledger take UNIT [AMOUNT]`. */
export async function takeCommand(
  globals: Globals,
  unit: string,
  want: { rule: string } | { amount: string },
): Promise<void> {
  const client = await NodeClient.need(globals.data)
  const taken = (await client.call('POST', '/v1/ledger/take', { unit, ...want })) as Taken
  const rows = taken.from.map((it) => [
    `${it.device.name}/${it.device.deviceName}`,
    it.amount,
    it.why === null ? '' : (WHY_NOT[it.why] ?? it.why),
  ])
  const head = `wanted ${taken.wanted} more ${safe(taken.code)}, took ${taken.taken}; here now: ${paint('1', taken.here)}`
  printResult(globals, taken, rows.length === 0 ? head : `${head}\n${table(['FROM', 'AMOUNT', ''], rows)}`)
}

/** `coop ledger keep UNIT LOW HIGH`, `coop ledger keep UNIT --off`. */
export async function keepCommand(
  globals: Globals,
  unit: string,
  marks: { low: string | undefined; high: string | undefined } | null,
): Promise<void> {
  if (marks !== null && (marks.low === undefined || marks.high === undefined))
    throw new CoopError(
      'usage',
      'two marks are needed',
      'Run `coop ledger keep UNIT LOW HIGH`, or `coop ledger keep UNIT --off`.',
    )
  const client = await NodeClient.need(globals.data)
  const view = (await client.call('POST', '/v1/ledger/keep', { unit, marks })) as { rights: RightsView[] }
  printResult(globals, view, view.rights.map(rightsText).join('\n\n'))
}

const WHY_NOT: Readonly<Record<string, string>> = {
  'nothing-to-spare': 'keeps what it has',
  'too-soon': 'gave some just now',
  'ping-pong': 'was given it by this device just now',
  'not-shared': 'gives money to no other member by itself',
  'not-arrived': 'said that it gave, and nothing came',
  unreachable: 'does not answer',
  'relay-limit': 'may not pass it on before the next seal',
}

/** `coop ledger history`. */
export async function ledgerHistoryCommand(globals: Globals, options: HistoryOptions): Promise<void> {
  const client = await NodeClient.need(globals.data)
  const page = (await client.call('GET', `/v1/ledger/history${queryOf({ ...options })}`)) as HistoryPage
  const rows = page.entries.map(entryRow)
  const older = page.next === null ? [] : [`older ones: coop ledger history --before ${page.next}`]
  const found =
    rows.length === 0 ? 'no entries' : table(['TIME', 'DEVICE', 'WHAT', 'AMOUNT', '', 'FOR', 'ENTRY'], rows)
  printResult(globals, page, [found, ...older].join('\n'))
}

/** `coop ledger issue|consume|… UNIT AMOUNT`, `coop ledger transfer UNIT AMOUNT DEVICE`. */
export async function entryCommand(
  globals: Globals,
  entry: { type: string; unit: string; amount: string; to?: string; expiresMs?: number },
  { id, ...notes }: EntryOptions,
): Promise<void> {
  const client = await NodeClient.need(globals.data)
  const body = { entries: [{ ...entry, ...notes }], ...(id === undefined ? {} : { id }) }
  const written = (await client.call('POST', '/v1/ledger/entries', body)) as WrittenEntries
  printResult(globals, written, writtenText(written, `${entry.type} ${entry.amount} ${entry.unit}`))
}

/** `coop ledger write FILE`. */
export async function writeCommand(globals: Globals, file: string, id: string | undefined): Promise<void> {
  const entries = await readEntries(file)
  const client = await NodeClient.need(globals.data)
  const body = { entries, ...(id === undefined ? {} : { id }) }
  const written = (await client.call('POST', '/v1/ledger/entries', body)) as WrittenEntries
  printResult(globals, written, writtenText(written, `${entries.length} entries`))
}

async function readEntries(file: string): Promise<unknown[]> {
  const text =
    file === '-' ? await textOf(process.stdin) : await readFile(file, 'utf8').catch(unreadable(file))
  try {
    const value: unknown = JSON.parse(text)
    if (Array.isArray(value)) return value
  } catch {
    // Said below.
  }
  throw new CoopError(
    'usage',
    `'${file}' does not hold a JSON list of entries`,
    'Write them as [{"type":"consume","unit":"POSTER","amount":"1"}].',
  )
}

function unreadable(file: string): (cause: unknown) => never {
  return (cause) => {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new CoopError(
      'path-unreadable',
      `'${file}' cannot be read: ${why}`,
      'Check the path and its permissions.',
    )
  }
}

function queryOf(filter: Record<string, string | number | undefined>): string {
  const given = Object.entries(filter).filter((it): it is [string, string | number] => it[1] !== undefined)
  const query = new URLSearchParams(given.map(([name, value]): [string, string] => [name, String(value)]))
  return given.length === 0 ? '' : `?${query.toString()}`
}

function writtenText({ commit, isRepeat }: WrittenEntries, what: string): string {
  return isRepeat ? `written before, in commit ${commit}` : `${what}\nin commit ${commit}`
}

/** Who defines goods of its own may issue as many as there are numbers. */
function anyText(amount: string): string {
  return amount.replace('.', '').length > DIGITS_SHOWN_MAX ? 'any' : amount
}

const DIGITS_SHOWN_MAX = 17
const HOLDER_TEXT = {
  here: 'here',
  reachable: 'connected',
  elsewhere: 'not connected',
  stranded: 'stranded',
} as const

function rightsText({ code, here, reachable, elsewhere, stranded, marks, devices }: RightsView): string {
  const sums = [
    `here, cut off or not: ${paint('1', here)}`,
    `held by connected devices: ${reachable}`,
    `held by others: ${elsewhere}`,
    ...(marks === null ? [] : [`asks for more below ${marks.low}, up to ${marks.high}`]),
    ...(/[1-9]/.test(stranded) ? [paint('33', `stranded: ${stranded}`)] : []),
  ]
  const rows = devices.map((it) => [
    `${it.device.name}/${it.device.deviceName}`,
    ...[it.held, it.incoming, it.loss, HOLDER_TEXT[it.state]],
  ])
  const holders = rows.length === 0 ? [] : [table(['DEVICE', 'HELD', 'INCOMING', 'LOSS', ''], rows)]
  return [`${paint('1', safe(code))}  ${sums.join('; ')}`, ...holders].join('\n')
}

const STATE_TEXT = {
  counted: '',
  'on-the-way': 'under way',
  'not-counted': 'not counted',
  void: 'void',
} as const

function entryRow(it: EntryView): string[] {
  const to = it.to === null ? '' : ` to ${it.to.name}/${it.to.deviceName}`
  return [
    new Date(it.timeMs).toISOString().slice(0, 16),
    `${it.device.name}/${it.device.deviceName}`,
    `${it.type}${to}`,
    it.type === 'define' ? `${it.code}, up to ${anyText(it.amount)}` : `${it.amount} ${it.code}`,
    STATE_TEXT[it.state],
    [it.ref, it.memo].filter((text) => text !== null).join('; '),
    `${it.commit.slice(0, 12)}/${it.index}`,
  ]
}
