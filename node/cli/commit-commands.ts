import { resolve } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { CoopError, EXIT_CODES, systemCode } from '#node/errors'
import type { CommitCheck, CommitChecks, CommitView, DeviceView } from '#node/host'
import { NodeClient } from './client.ts'
import type { Globals } from './main.ts'
import { bytesText, paint, printResult, safe, table } from './output.ts'
import { writeWholeFile } from './whole-file.ts'

/** `coop commit show ID`. */
export async function showCommitCommand(globals: Globals, id: string): Promise<void> {
  const client = await NodeClient.need(globals.data)
  const commit = (await client.call('GET', `/v1/commits/${encodeURIComponent(id)}`)) as CommitView
  printResult(globals, commit, commitText(commit))
}

/** `coop commit verify ID`: ends with the code of `commit-invalid` when a check fails; the report is printed all the same. */
export async function verifyCommitCommand(globals: Globals, id: string): Promise<void> {
  const client = await NodeClient.need(globals.data)
  const path = `/v1/commits/${encodeURIComponent(id)}/verify`
  const checked = (await client.call('GET', path)) as CommitChecks
  if (!checked.isValid) process.exitCode = EXIT_CODES['commit-invalid']
  const lines = checked.checks.map((it) => `${markOf(it)} ${nameOf(it).padEnd(NAME_WIDTH)} ${safe(it.why)}`)
  const verdict = checked.isValid ? 'valid' : 'not valid'
  printResult(globals, checked, `commit ${checked.id}\n${lines.join('\n')}\n${paint('1', verdict)}`)
}

/** `coop export --commits`: an evidence file, to a path or to stdout. */
export async function exportCommand(
  globals: Globals,
  options: { commits?: boolean; output?: string; document?: string; device?: string },
): Promise<void> {
  const { output } = options
  if (options.commits !== true)
    throw new CoopError('usage', 'what shall be exported?', 'Run `coop export --commits -o FILE`.')
  if (output === undefined && (globals.json || process.stdout.isTTY)) {
    const why = globals.json ? 'with --json, stdout is for the result' : 'the file is not for a terminal'
    throw new CoopError('usage', `${why}: it needs another place`, 'Give a path with -o FILE.')
  }
  const client = await NodeClient.need(globals.data)
  const query = new URLSearchParams()
  if (options.document !== undefined) query.set('document', options.document)
  if (options.device !== undefined) query.set('device', options.device)
  const response = await client.download(`/v1/export/commits?${query.toString()}`)
  if (output === undefined) return toStdout(response.body)
  const target = resolve(output)
  const bytes = await writeWholeFile(response.body, target)
  const root = (response.headers.get('etag') ?? '').replaceAll('"', '')
  const commits = Number(response.headers.get('coop-commits'))
  const text =
    `${commits} commits, ${bytesText(bytes)}, root ${root}\nwritten to ${safe(target)}\n` +
    `check it anywhere: node examples/verify-evidence.ts ${safe(target)}`
  printResult(globals, { output: target, bytes, commits, root }, text)
}

async function toStdout(body: NonNullable<Response['body']>): Promise<void> {
  try {
    await pipeline(Readable.fromWeb(body), process.stdout, { end: false })
  } catch (cause) {
    if (systemCode(cause) !== 'EPIPE') throw cause // a reader that has enough is no failure
  }
}

/** Width of the longest name of a check that is not of a section. */
const NAME_WIDTH = 'signature'.length

function nameOf({ check, document }: CommitCheck): string {
  return document === null ? check : `${check} ${safe(document)}:`
}

function markOf({ ok }: CommitCheck): string {
  if (ok === null) return paint('33', '? ')
  return ok ? paint('32', 'ok') : paint('31', 'no')
}

function deviceText({ device, member, name }: DeviceView): string {
  return member === null || name === null ? device : `${safe(member)}/${safe(name)}`
}

function contestedText(seq: number): string {
  return `  ${paint('31', 'contested')}   its device wrote two histories from commit ${seq} on and is suspended`
}

function commitText(commit: CommitView): string {
  const { author, sections } = commit
  const lines = [
    `${paint('1', 'commit')} ${commit.id}`,
    `  author      ${deviceText(author)}, ${author.role ?? 'never admitted'}  ${author.device}`,
    `  place       commit ${commit.seq} of its device; place ${commit.order} of this node's log`,
    `  time        ${new Date(commit.timeMs).toISOString()} by the author's clock`,
    `  before it   ${commit.prev ?? 'nothing: the first of its chain'}`,
    ...commit.seen.map((it) => `  saw         ${it.id}  ${deviceText(it)}, commit ${it.seq}`),
    `  size        header ${bytesText(commit.headerBytes)}, record ${bytesText(commit.recordBytes)}`,
    `  signature   ${commit.signature}`,
    `  known to    ${commit.acknowledgedBy.map(deviceText).join(', ') || 'no other device yet, as far as is known here'}`,
    ...(commit.contested === null ? [] : [contestedText(commit.contested.seq)]),
    ...commit.forkedWith.map((id) => `  ${paint('31', 'forked with')} ${id}`),
  ]
  if (sections.length === 0) return lines.join('\n')
  const rows = sections.map((it) => [
    it.document,
    String(it.entries),
    it.isHere ? bytesText(it.bytes) : 'left out',
    it.hash,
  ])
  return `${lines.join('\n')}\n\n${table(['DOCUMENT', 'ENTRIES', 'SIZE', 'SHA-256'], rows)}`
}
