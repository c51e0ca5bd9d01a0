import { createHash, randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { text as textOf } from 'node:stream/consumers'
import type { CancelView, IssuedView, ScanView, TicketView } from '#node/host'
import { CoopError, EXIT_CODES, asCoopError, systemCode } from '#node/errors'
import { NodeClient } from './client.ts'
import type { Globals } from './main.ts'
import { ProgressLine, paint, printResult, safe, table } from './output.ts'
import { needPlace, ticketCsv, writeText } from './ticket-csv.ts'
import { eventPath, guaranteeText, verdictWords } from './ticket-words.ts'

/** Options of `coop ticket issue`. */
export interface IssueOptions {
  group?: string
  holder?: string
  details?: string
  guests?: string
  complimentary?: boolean
  id?: string
  output?: string
}

/** Options of `coop ticket verify` and `coop ticket redeem`. */
export interface ScanOptions {
  gate: string
  zone?: string
  out?: boolean
  override?: string
  fetch?: boolean
  id?: string
}

/** Tickets that one call issues. */
const ISSUED_AT_ONCE = 1_000

/** `coop ticket issue EVENT CLASS [COUNT]`. */
export async function issueCommand(
  globals: Globals,
  { event, class: label, count }: { event: string; class: string; count: number },
  options: IssueOptions,
): Promise<void> {
  const client = await NodeClient.need(globals.data)
  const { group, holder, complimentary, output } = options
  needPlace(globals, output)
  const guests = options.guests === undefined ? null : await linesOf(options.guests)
  const details = guests ?? (options.details === undefined ? [] : [options.details])
  const wanted = guests === null ? count : guests.length
  if (wanted === 0)
    throw new CoopError('usage', 'the list of guests has no lines', 'Write a line for each: a name, a seat.')
  const base = options.id ?? randomBytes(16).toString('hex')
  const progress = new ProgressLine(globals)
  const issued: IssuedView = { tickets: [], commits: [], className: label, paid: null, isRepeat: true }
  let isStopped = false
  const stop = (): void => {
    isStopped = true
  }
  process.once('SIGINT', stop).once('SIGTERM', stop)
  try {
    for (let from = 0; from < wanted; from += ISSUED_AT_ONCE) {
      if (isStopped) throw new CoopError('interrupted', 'stopped', 'Go on when you like.')
      const part = Math.min(ISSUED_AT_ONCE, wanted - from)
      const view = (await client.call('POST', `${eventPath(event)}/tickets`, {
        ...{ class: label, count: part, group, holder, complimentary },
        details: details.slice(from, from + part),
        id: from === 0 ? base : partId(base, from),
      })) as IssuedView
      issued.tickets.push(...view.tickets)
      issued.commits.push(...view.commits)
      issued.className = view.className
      issued.isRepeat &&= view.isRepeat
      progress.show(`${issued.tickets.length} of ${wanted} tickets`)
    }
  } catch (cause) {
    throw resumable(cause, { done: issued.tickets.length, wanted, base })
  } finally {
    process.off('SIGINT', stop).off('SIGTERM', stop)
    progress.clear()
  }
  const { tickets, commits } = issued
  if (output !== undefined) {
    const csv = ticketCsv(tickets, issued.className)
    try {
      return await writeText(globals, output, csv, { tickets: tickets.length, commits })
    } catch (cause) {
      throw resumable(cause, { done: tickets.length, wanted, base })
    }
  }
  const rows = tickets.map((it) => [it.number, it.code, it.text])
  printResult(globals, issued, table(['NUMBER', 'CODE', 'TICKET'], rows))
}

/** `coop ticket verify` and `coop ticket redeem`. */
export async function scanCommand(
  globals: Globals,
  { event, text, isTrial }: { event: string; text: string; isTrial: boolean },
  options: ScanOptions,
): Promise<void> {
  const client = await NodeClient.need(globals.data)
  const { gate, zone, out, override, fetch, id } = options
  const view = (await client.call('POST', `${eventPath(event)}/${isTrial ? 'verify' : 'scans'}`, {
    ...{ text: await shownText(text), gate, zone, direction: out === true ? 'out' : 'in' },
    override: override === undefined ? undefined : { reason: override },
    ...(isTrial ? {} : { fetch, id: id ?? randomBytes(16).toString('hex') }),
  })) as ScanView
  const { ticket, repeated } = view
  const { says, next } = verdictWords(view)
  const head = view.ok ? paint('32', 'YES') : paint('31', 'NO')
  const about = ticket === null ? [] : [ticket.className, ticket.number, ticket.details]
  const shown = [
    `${head}  ${says}${repeated ? ' (answered before)' : ''}${isTrial && view.ok ? ' (a trial: nobody passed)' : ''}`,
    ...(about.length === 0 ? [] : [safe(about.filter((it) => it !== null).join(', '))]),
    ...(view.ok ? [] : [`${paint('2', '→')} ${next}`]),
    paint('2', guaranteeText(view.guarantee)),
  ]
  const message = `${view.verdict}: ${says}`
  const answer = view.ok ? view : { ...view, error: { code: 'refused', message, next } }
  printResult(globals, answer, shown.join('\n'))
  if (!view.ok) process.exitCode = EXIT_CODES.refused
}

/** `coop ticket revoke`, `refund`, `reissue`. */
export async function cancelCommand(
  globals: Globals,
  { event, ticket, action }: { event: string; ticket: string; action: string },
  options: { reason?: string; holder?: string; id?: string },
): Promise<void> {
  const client = await NodeClient.need(globals.data)
  const view = (await client.call('POST', `${eventPath(event)}/revocations`, {
    ...{ ticket: await shownText(ticket), action, ...options },
  })) as CancelView
  const { stillOpens } = view
  const where =
    stillOpens === null
      ? 'it opens nothing any more'
      : `asked ${stillOpens.holder?.deviceName ?? 'its gate'}; until that has heard, the old code still opens gate ${stillOpens.group}`
  const made = view.tickets.map((it) => `\nnew: ${it.number}  ${it.code}  ${it.text}`).join('')
  printResult(globals, view, safe(where) + made)
}

/** `coop ticket export EVENT`. */
export async function exportTicketsCommand(
  globals: Globals,
  event: string,
  output: string | undefined,
): Promise<void> {
  const client = await NodeClient.need(globals.data)
  const view = (await client.call('GET', `${eventPath(event)}/tickets`)) as {
    tickets: (TicketView & { className: string; state: string })[]
  }
  if (output === undefined && globals.json) return printResult(globals, view, '')
  await writeText(globals, output ?? '-', ticketCsv(view.tickets), { tickets: view.tickets.length })
}

/** A failure after which the same request goes on: it says how many are there already, and how. */
function resumable(
  cause: unknown,
  { done, wanted, base }: { done: number; wanted: number; base: string },
): unknown {
  const { code, message, next } = asCoopError(cause)
  // Nothing was issued where the node has said no to the first part.
  const isUnsure = code === 'not-running' || code === 'internal' || code === 'interrupted'
  if (done === 0 && !isUnsure) return cause
  return new CoopError(
    code,
    `${done} of ${wanted} tickets are issued, as far as the node has said; then: ${message}`,
    `${next}${/[.!?]$/.test(next) ? '' : '.'} Then run the same command with --id ${base}: it goes on from there.`,
    cause,
  )
}

/** Name of a further part of a request, which follows from that of the first one. */
function partId(base: string, from: number): string {
  return createHash('sha256').update(`${base} ${from}`).digest('hex').slice(0, 32)
}

async function linesOf(file: string): Promise<string[]> {
  const text = file === '-' ? await textOf(process.stdin) : await readText(file)
  return text
    .split(/\r?\n/)
    .map((it) => it.trim())
    .filter((it) => it !== '')
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    throw new CoopError(
      'path-unreadable',
      `cannot read ${file} (${systemCode(cause) ?? 'unknown'})`,
      'Check the path.',
      cause,
    )
  }
}

async function shownText(text: string): Promise<string> {
  return text === '-' ? textOf(process.stdin) : text
}
