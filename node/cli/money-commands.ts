import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { buffer as bytesOf } from 'node:stream/consumers'
import type { ImportView, NetView, SplitView, StatementView, WrittenEntries } from '#node/host'
import { CoopError, systemCode } from '#node/errors'
import { NodeClient } from './client.ts'
import type { Globals } from './main.ts'
import { bytesText, printResult, safe, table } from './output.ts'
import { writeWholeFile } from './whole-file.ts'

/** Whose books, and of which time. */
export interface PeriodOptions {
  member?: string
  from?: number
  until?: number
}

/** Whether what was worked out is handed over, and what names the request. */
export interface PayOptions {
  pay?: boolean
  id?: string
}

interface Splits {
  splits: {
    id: string
    version: number
    parties: ({ key: string; way: string } & Record<string, unknown>)[]
  }[]
}

/** `coop ledger statement`. */
export async function statementCommand(globals: Globals, options: PeriodOptions): Promise<void> {
  const client = await NodeClient.need(globals.data)
  const view = (await client.call(
    'GET',
    `/v1/ledger/statement?${periodQuery(options).toString()}`,
  )) as StatementView
  const rows = view.lines.map((it) => [
    ...[it.code, it.account, [it.memberName, it.deviceName].filter((name) => name !== '').join('/')],
    ...[it.opening, it.up, it.down, it.closing],
  ])
  const head = ['UNIT', 'ACCOUNT', 'WHOSE', 'OPENING', 'UP', 'DOWN', 'CLOSING']
  const open = view.member === null ? view.units.filter((it) => !it.isBalanced) : []
  const warning = open.map((it) => `the books of ${safe(it.code)} do not balance: please report it`)
  printResult(
    globals,
    view,
    [rows.length === 0 ? 'nothing was moved' : table(head, rows), ...warning].join('\n'),
  )
}

/** `coop ledger export --format F`. */
export async function ledgerExportCommand(
  globals: Globals,
  options: PeriodOptions & { format: string; output?: string },
): Promise<void> {
  const { output, format } = options
  if (output === undefined && globals.json)
    throw new CoopError(
      'usage',
      'with --json, stdout is for the result: it needs another place',
      'Give a path with -o FILE.',
    )
  const client = await NodeClient.need(globals.data)
  const query = periodQuery(options)
  query.set('format', format)
  const response = await client.download(`/v1/ledger/export?${query.toString()}`)
  if (output === undefined) {
    await pipeline(Readable.fromWeb(response.body), process.stdout, { end: false }).catch(
      (cause: unknown) => {
        if (systemCode(cause) !== 'EPIPE') throw cause // a reader that has enough is no failure
      },
    )
    return
  }
  const target = resolve(output)
  const bytes = await writeWholeFile(response.body, target)
  printResult(globals, { output: target, bytes, format }, `${bytesText(bytes)} written to ${safe(target)}`)
}

/** `coop ledger import FILE`. */
export async function importCommand(globals: Globals, file: string, isDry: boolean): Promise<void> {
  const csv = decoded(await readBytes(file))
  const client = await NodeClient.need(globals.data)
  const view = (await client.call('POST', '/v1/ledger/import', { csv, isDry })) as ImportView
  const units = view.units.map((it) => `${it.amount} ${safe(it.code)}${it.isNew ? ' (new)' : ''}`).join(', ')
  const left = view.entries - view.entriesBefore
  const before =
    view.entriesBefore === 0 ? '' : `; ${view.entriesBefore} of this file were written before, not once more`
  const text = isDry
    ? `would write ${left} entries: ${units}${before}\nnothing was written`
    : `wrote ${left} entries: ${units}${before}\nin ${view.commits.length} commits`
  const rows = view.holdings.map((it) => [
    `${it.device.name}/${it.device.deviceName}${it.isOwn ? ' (here)' : ''}`,
    `${it.amount} ${it.code}`,
  ])
  printResult(globals, view, `${table(['DEVICE', 'GETS'], rows)}\n${text}`)
}

/** The characters of a file, all of them: which file it is follows from its bytes. */
function decoded(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch (cause) {
    throw new CoopError(
      'import-invalid',
      'the file is not UTF-8 (import-not-utf8)',
      'Save it as CSV in UTF-8 and import it again. Nothing was written.',
      cause,
    )
  }
}

/** `coop ledger split`: all rules. */
export async function splitsCommand(globals: Globals): Promise<void> {
  const client = await NodeClient.need(globals.data)
  const view = (await client.call('GET', '/v1/ledger/splits')) as Splits
  const rows = view.splits.flatMap((it) =>
    it.parties.map(({ key, way, ...part }, i) => [
      ...(i === 0 ? [it.id, String(it.version)] : ['', '']),
      ...[key, way, Object.values(part).map(String).join(' ')],
    ]),
  )
  const none = 'no split is written down\nto begin: coop ledger split --define FILE.json'
  printResult(globals, view, rows.length === 0 ? none : table(['SPLIT', 'VERSION', 'PARTY', 'BY', ''], rows))
}

/** `coop ledger split --define FILE`. */
export async function defineSplitCommand(globals: Globals, file: string): Promise<void> {
  const rule = await readJson(
    file,
    '{"id":"door","version":1,"parties":[{"key":"Nora","way":"points","points":10000}]}',
  )
  const client = await NodeClient.need(globals.data)
  const made = (await client.call('POST', '/v1/ledger/splits', rule)) as WrittenEntries
  printResult(globals, made, `written${made.isRepeat ? ' before,' : ''} in commit ${made.commit}`)
}

/** `coop ledger split RULE UNIT AMOUNT`. */
export async function splitCommand(
  globals: Globals,
  request: { rule: string; unit: string; amount: string },
  { usage, pay, id }: PayOptions & { usage?: string[] },
): Promise<void> {
  const client = await NodeClient.need(globals.data)
  const used = Object.fromEntries((usage ?? []).map(usagePart))
  const body = { ...request, usage: used, isPaid: pay === true, id }
  const view = (await client.call('POST', '/v1/ledger/split', body)) as SplitView
  const rows = view.parts.map((it) => [it.to, `${it.amount} ${view.code}`])
  const paid =
    pay !== true
      ? 'nothing was handed over; --pay does'
      : view.commit === null
        ? 'nothing to hand over'
        : `handed over in commit ${view.commit}`
  printResult(globals, view, `${table(['PARTY', 'AMOUNT'], rows)}\n${paid}`)
}

/** `coop ledger net UNIT FILE`. */
export async function netCommand(
  globals: Globals,
  { unit, file }: { unit: string; file: string },
  { pay, id }: PayOptions,
): Promise<void> {
  const debts = await readJson(file, '[{"debtor":"Nora","creditor":"Ada","amount":"12.50"}]')
  const client = await NodeClient.need(globals.data)
  const body = { unit, debts, isPaid: pay === true, id }
  const view = (await client.call('POST', '/v1/ledger/net', body)) as NetView
  const rows = view.payments.map((it) => [it.from, it.to, `${it.amount} ${view.code}`])
  const text = rows.length === 0 ? 'nobody owes anything on balance' : table(['PAYS', 'TO', 'AMOUNT'], rows)
  printResult(
    globals,
    view,
    view.commit === null ? text : `${text}\nown part handed over in commit ${view.commit}`,
  )
}

function usagePart(text: string): [string, string] {
  const at = text.lastIndexOf('=')
  if (at > 0) return [text.slice(0, at), text.slice(at + 1)]
  throw new CoopError(
    'usage',
    `'${text.slice(0, 80)}' says no usage`,
    'Give --usage PARTY=NUMBER, once for each party.',
  )
}

function periodQuery({ member, from, until }: PeriodOptions): URLSearchParams {
  const query = new URLSearchParams()
  if (member !== undefined) query.set('member', member)
  if (from !== undefined) query.set('fromMs', String(from))
  if (until !== undefined) query.set('untilMs', String(until))
  return query
}

async function readJson(file: string, example: string): Promise<object> {
  try {
    return JSON.parse(Buffer.from(await readBytes(file)).toString('utf8')) as object
  } catch (cause) {
    if (cause instanceof CoopError) throw cause
    throw new CoopError('usage', `'${file}' holds no JSON`, `Write it as ${example}`, cause)
  }
}

async function readBytes(file: string): Promise<Uint8Array> {
  if (file === '-') return bytesOf(process.stdin)
  try {
    return await readFile(file)
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause)
    throw new CoopError(
      'path-unreadable',
      `'${file}' cannot be read: ${why}`,
      'Check the path and its permissions.',
    )
  }
}
