import { setTimeout as sleep } from 'node:timers/promises'
import type { CoopNode, Entered, GuestView, Renewed } from '#node/host'
import { CoopError, EXIT_CODES } from '#node/errors'
import { NodeClient } from './client.ts'
import type { Globals } from './main.ts'
import { defaultNames } from './defaults.ts'
import { readKit } from './kit-input.ts'
import { ProgressLine, paint, printResult, safe } from './output.ts'

/** How long `coop join` goes on receiving without any news before it leaves the rest to the node. */
const FIRST_SYNC_IDLE_MS = 15_000

/** Answer of found and join, from the API or from this process. */
interface EnteredView {
  coop: string
  name: string
  device: string
  member: string
  /** Null when the person brought a kit. */
  recoveryKit: { words: string; note: string } | null
}

/** `coop found NAME`: on the running node, or in this process when none runs. */
export async function foundCommand(
  globals: Globals,
  name: string,
  names: { member?: string; device?: string },
): Promise<void> {
  const { memberName, deviceName } = defaultNames(names.member, names.device)
  const client = await NodeClient.find(globals.data)
  const entered =
    client === null
      ? await withNode(globals, async (node) => view(await node.found(name, { memberName, deviceName })))
      : ((await client.call('POST', '/v1/found', { name, memberName, deviceName })) as EnteredView)
  const next =
    client === null
      ? `\nNext: \`coop start --data ${globals.data}\`, then \`coop invite\`.`
      : '\nNext: `coop invite`.'
  printResult(
    globals,
    entered,
    `founded “${safe(entered.name)}”  ${entered.coop}\n${kitText(entered)}${next}`,
  )
}

/** `coop invite`. */
export async function inviteCommand(
  globals: Globals,
  options: { role: string; uses: number; expires: number },
): Promise<void> {
  const client = await NodeClient.need(globals.data)
  const body = { role: options.role, uses: options.uses, expiresMs: options.expires }
  const invite = (await client.call('POST', '/v1/invites', body)) as { link: string; expiresAtMs: number }
  if (globals.json) return printResult(globals, invite, '')
  const until = new Date(invite.expiresAtMs).toISOString().slice(0, 16).replace('T', ' ')
  // The link alone on stdout, so that it can be piped; the rest is for the person.
  process.stdout.write(`${invite.link}\n`)
  if (process.stdout.isTTY) {
    const { encodeQR } = await import('qr')
    process.stdout.write(`\n${encodeQR(invite.link, 'ascii', { ecc: 'low', border: 2 })}\n`)
  }
  process.stderr.write(
    `${options.role}, ${options.uses} use(s), until ${until} UTC. Whoever has the link can use it.\n`,
  )
}

/** `coop invite admit GUEST`, or with `--all` (null) everybody who waits. */
export async function admitCommand(globals: Globals, guest: string | null): Promise<void> {
  const client = await NodeClient.need(globals.data)
  const answer = (await client.call('POST', '/v1/guests/admit', { guest })) as { admitted: GuestView[] }
  const rows = answer.admitted.map((it) => `let in ${guestText(it)}`)
  const next = 'Each goes on with the same `coop join`, when it is run again.'
  printResult(globals, answer, rows.length === 0 ? 'nobody waits' : `${rows.join('\n')}\n${next}`)
}

/** `coop invite drop GUEST`. */
export async function dropCommand(globals: Globals, guest: string): Promise<void> {
  const client = await NodeClient.need(globals.data)
  const answer = (await client.call('POST', '/v1/guests/drop', { guest })) as { dropped: GuestView }
  printResult(globals, answer, `took ${guestText(answer.dropped)} off the list`)
}

function guestText({ name, deviceName, role, device }: GuestView): string {
  return `${safe(`${name}/${deviceName}`)} as ${role}  ${device}`
}

/** `coop join LINK`: on the running node, or in this process when none runs; then the first sync. */
export async function joinCommand(
  globals: Globals,
  link: string,
  options: { member?: string; device?: string; kit?: boolean; kitFile?: string },
): Promise<void> {
  const { memberName, deviceName } = defaultNames(options.member, options.device)
  const hasKit = options.kit === true || options.kitFile !== undefined
  const kitWords = hasKit ? await readKit(globals, options.kitFile) : undefined
  const client = await NodeClient.find(globals.data)
  const progress = new ProgressLine(globals)
  if (client !== null) {
    const body = { link, memberName, deviceName, ...(kitWords !== undefined && { kitWords }) }
    const entered = (await client.call('POST', '/v1/join', body)) as EnteredView
    return printResult(globals, entered, `joined “${safe(entered.name)}”\n${kitText(entered)}`)
  }
  await withNode({ ...globals, port: 0 }, async (node) => {
    progress.show('asking to join …')
    // Once the device is in, its owner must see the kit, whatever ends the first sync.
    const [entered, isSynced] = await untilInterrupted(async (signal) => {
      const joined = view(await node.join(link, { memberName, deviceName }, { kitWords, signal }))
      return [joined, await firstSync(node, progress, signal)] as const
    })
    progress.clear()
    const rest = isSynced ? 'everything is here' : 'the rest comes when the node runs'
    const text = `joined “${safe(entered.name)}”; ${rest}\n${kitText(entered)}\nNext: \`coop start --data ${globals.data}\`.`
    printResult(globals, { ...entered, isSynced }, text)
  })
}

/** `coop restore --new-key`: on the running node, or in this process when none runs. */
export async function restoreCommand(
  globals: Globals,
  options: { newKey?: boolean; kitFile?: string; device?: string },
): Promise<void> {
  if (options.newKey !== true) {
    const next = 'Run `coop restore --new-key`; docs/runbooks/restored-or-copied-folder.md says when.'
    throw new CoopError('usage', 'what shall be restored?', next)
  }
  const kitWords = await readKit(globals, options.kitFile)
  const client = await NodeClient.find(globals.data)
  const progress = new ProgressLine(globals)
  progress.show('asking for the admission of a new key …')
  const body = { kitWords, ...(options.device !== undefined && { deviceName: options.device }) }
  const renewed =
    client === null
      ? await withNode({ ...globals, port: 0 }, async (node) => node.keys.restore(kitWords, options.device))
      : ((await client.call('POST', '/v1/restore', body)) as Renewed)
  progress.clear()
  const rest = renewed.isReady
    ? 'It can write again.'
    : 'It can write as soon as the roster with its key is here.'
  const text = `“${safe(renewed.deviceName)}” has a key of its own: ${renewed.device}\n${rest}`
  printResult(globals, renewed, text)
}

/** `coop board …`. */
export async function boardCommand(
  globals: Globals,
  what:
    | { kind: 'show'; id: string }
    | { kind: 'set'; id: string; key: string; value: string }
    | { kind: 'append'; id: string; list: string; value: string },
): Promise<void> {
  const client = await NodeClient.need(globals.data)
  const path = `/v1/boards/${encodeURIComponent(what.id.replace(/^board\//, ''))}`
  const board = await callBoard(client, path, what)
  printResult(globals, board, boardText(board))
}

interface BoardView {
  id: string
  stateHash: string
  fields: Record<string, unknown>
  text: string
  lists: Record<string, unknown[]>
}

async function callBoard(
  client: NodeClient,
  path: string,
  what: Parameters<typeof boardCommand>[1],
): Promise<BoardView> {
  switch (what.kind) {
    case 'show':
      return (await client.call('GET', path)) as BoardView
    case 'set':
      return (await client.call('POST', `${path}/fields`, {
        key: what.key,
        value: jsonOrText(what.value),
      })) as BoardView
    case 'append': {
      const body = { value: jsonOrText(what.value) }
      return (await client.call('POST', `${path}/lists/${encodeURIComponent(what.list)}`, body)) as BoardView
    }
  }
}

function boardText(board: BoardView): string {
  const lines = [`${paint('1', board.id)}  ${board.stateHash.slice(0, 16)}`]
  for (const [key, value] of Object.entries(board.fields))
    lines.push(`  ${safe(key)}: ${safe(JSON.stringify(value))}`)
  if (board.text !== '') lines.push('', ...board.text.split('\n').map((line) => `  ${safe(line)}`))
  for (const [name, values] of Object.entries(board.lists)) {
    lines.push(
      '',
      `  ${name}`,
      ...values.map((value) => `    - ${safe(typeof value === 'string' ? value : JSON.stringify(value))}`),
    )
  }
  return lines.join('\n')
}

function jsonOrText(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

/** Runs work that a first Ctrl-C or SIGTERM ends early instead of the process. */
async function untilInterrupted<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const stopper = new AbortController()
  const stop = (): void => {
    process.exitCode = EXIT_CODES.interrupted
    stopper.abort()
  }
  process.once('SIGINT', stop).once('SIGTERM', stop)
  try {
    return await work(stopper.signal)
  } finally {
    process.off('SIGINT', stop).off('SIGTERM', stop)
  }
}

/** Waits until this replica equals a peer's; false when nothing came for a while. */
async function firstSync(node: CoopNode, progress: ProgressLine, signal: AbortSignal): Promise<boolean> {
  const { engine } = node.membership
  let commits = -1
  const isStarted = await node.startMesh().then(
    () => true,
    (cause: unknown) => {
      node.config.log.error({ err: cause }, 'the mesh did not start')
      return false
    },
  )
  if (!isStarted) return false
  for (let lastNewsMs = Date.now(); Date.now() - lastNewsMs < FIRST_SYNC_IDLE_MS; await sleep(50)) {
    if (signal.aborted) return false
    if (engine.replica.logLength !== commits) lastNewsMs = Date.now()
    commits = engine.replica.logLength
    progress.show(`receiving: ${commits} commits`)
    const isOnRoster = engine.replica.authority.devices.has(engine.replica.device ?? '')
    const isSynced = node.mesh?.peers().some((peer) => peer.state === 'synced') === true
    if (isOnRoster && isSynced && node.mesh?.isSynced) return true
  }
  return false
}

async function withNode<T>(
  options: Globals & { port?: number },
  work: (node: CoopNode) => Promise<T>,
): Promise<T> {
  const { openNode } = await import('./open-node.ts')
  const node = await openNode(options)
  try {
    return await work(node)
  } finally {
    await node.close()
  }
}

function view(entered: Entered): EnteredView {
  const { coop, name, device, member, words, note } = entered
  return { coop, name, device, member, recoveryKit: words === null ? null : { words, note } }
}

function kitText(entered: EnteredView): string {
  if (entered.recoveryKit === null) return 'with the recovery kit that you have; keep it\n'
  const words = entered.recoveryKit.words.split(' ')
  const rows: string[] = []
  for (let at = 0; at < words.length; at += 6) {
    rows.push(
      words
        .slice(at, at + 6)
        .map((word, i) => `${String(at + i + 1).padStart(2)} ${word.padEnd(9)}`)
        .join(' '),
    )
  }
  const sheet = '`coop kit print -o kit.html` makes a sheet of it to print, with a QR code.'
  return `\n${paint('1', 'recovery kit')}\n  ${rows.join('\n  ')}\n\n${entered.recoveryKit.note}\n${sheet}\n`
}
