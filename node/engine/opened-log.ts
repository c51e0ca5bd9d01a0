import { randomBytes, randomInt } from 'node:crypto'
import { AUTHORITY } from '#protocol/authority'
import { decodeRecord } from '#protocol/commit'
import type { CommitRecord } from '#protocol/commit'
import { openReplica } from '#protocol/coop'
import type { BooksLoss, IntakeResult, Replica } from '#protocol/replica'
import { FRAME_BYTES_MAX } from '#protocol/sync'
import { CoopError } from '#node/errors'
import { CommitLog, LogBatch, LooseLog, waitingKey } from '#node/log'
import type { Store, StoreChange } from '#node/store'
import { readDeclined } from './declined.ts'
import { UnreadableCommit, foldDocument } from './document-fold.ts'
import type { EngineParts } from './engine.ts'
import { isReached } from './log-end.ts'
import type { LogEnd } from './log-end.ts'
import { MissingCommits } from './missing-commits.ts'

/** A log as it was opened. */
export interface OpenedLog {
  replica: Replica
  commits: CommitLog
  /**
   * 16 random bytes that stand for the order of this log; drawn anew when commits of it were lost. What is kept beside
   * the log of "its first n commits" holds for one name only.
   */
  name: Uint8Array
  /** What the end mark tells of and is not here. */
  missing: MissingCommits
  /** True when there are commits whose place in the log was lost. */
  hasLoose: boolean
}

/** Tries to open; each either succeeds or leaves less of the log that could fail. */
const TRIES_MAX = 1_000

/**
 * Builds the replica from the log's index, and the authority document from its commits. Where neither can be read, what
 * follows is set aside and taken in again as if a peer had sent it: a commit that is missing then comes from a peer.
 *
 * @param end - how far the log goes, as far as anybody knows
 */
export async function openLog(parts: EngineParts, end: LogEnd | null): Promise<OpenedLog> {
  const { store, crypto, log, signer } = parts
  const loose = new LooseLog({ store, sha256: crypto.sha256 })
  const name = await LogName.read(store)
  for (let tries = 0; tries < TRIES_MAX; tries += 1) {
    const tried = await tryOpen(parts, name)
    if (tried.kind === 'books') await dropBooks(parts, tried.loss)
    else if (tried.kind === 'index') await dropIndex(parts)
    else if (tried.kind === 'hole') {
      await name.renew()
      const count = await loose.setAside(tried.at)
      log.error({ at: tried.at, count }, 'a stored commit is lost; those after it are taken in again')
      // What was found while it was read is part of this.
      for (const { code, where } of store.findings.all())
        if (code === 'log-commit') store.findings.drop(code, where)
      store.findings.note(holeFinding(tried.at, count))
    } else {
      const { replica, commits } = tried
      if (end !== null && !isReached(replica, end)) await name.renew()
      await takeWaiting(parts, tried)
      for await (const intake of loose.takeIn(replica)) await writeIntake(parts, commits, intake)
      if (replica.booksLoss !== null) {
        await dropBooks(parts, replica.booksLoss)
        continue
      }
      await commits.takeLate()
      noteMarks(parts, replica)
      const missing = new MissingCommits({ replica, findings: store.findings, device: signer.publicKey }, end)
      return { replica, commits, name: name.bytes, missing, hasLoose: !(await loose.isEmpty()) }
    }
  }
  throw new CoopError(
    'data-damaged',
    'the commit log cannot be read',
    'Run `coop doctor --repair` on this folder.',
  )
}

/** Writes what an intake brought. */
export async function writeIntake(
  { store }: Pick<EngineParts, 'store'>,
  commits: CommitLog,
  { result, changes }: { result: IntakeResult; changes: readonly StoreChange[] },
): Promise<void> {
  const late = commits.lateChanges(result.late)
  const batch = new LogBatch(result.stored)
  const all = [...commits.append(batch), ...waitingChanges(result), ...late, ...changes]
  if (all.length === 0) return
  await store.write(all)
  commits.noteWritten()
  commits.noteLate(result.late)
}

/** Changes that keep what waits, and drop what no longer does. */
export function waitingChanges({
  waiting,
  released,
}: Pick<IntakeResult, 'waiting' | 'released'>): StoreChange[] {
  return [
    ...waiting.map((it): StoreChange => ({ type: 'put', key: waitingKey(it.id), value: it.bytes })),
    ...released.map((id): StoreChange => ({ type: 'del', key: waitingKey(id) })),
  ]
}

type Tried =
  | { kind: 'open'; replica: Replica; commits: CommitLog }
  | { kind: 'hole'; at: number }
  | { kind: 'index' }
  | { kind: 'books'; loss: BooksLoss }

async function tryOpen(parts: EngineParts, name: LogName): Promise<Tried> {
  const { store, crypto, signer, coop, log } = parts
  const cached = (document: string): ReturnType<EngineParts['cached']> => parts.cached(document, name.bytes)
  const books = (await parts.books?.read(name.bytes)) ?? null
  // Look-ups are hardened with a number that peers cannot know.
  const seed = randomInt(2 ** 32)
  const replica = openReplica({ coop, crypto, signer, cached, seed, isLazy: true, books })
  replica.documents.holes.decline(await readDeclined(store, replica))
  const commits = new CommitLog({ store, sha256: crypto.sha256, log }, replica)
  const read = commits.read.bind(commits)
  const source = {
    ...{ replica, crypto, log },
    alone: async (work: () => Promise<void>) => work(),
    read: async (orders: readonly number[]) => read(orders, FRAME_BYTES_MAX),
    noteDamaged: (order: number) => commits.noteDamaged(order),
  }
  // Commits are taken into account as far as the authority document is folded.
  const settle = async (): Promise<void> => void (await foldDocument(AUTHORITY, source))
  try {
    const loaded = await commits.load(settle)
    if (loaded.kind !== 'whole') return loaded
    if (replica.booksLoss === null && replica.logLength > 0) await settle()
    if (replica.booksLoss !== null) return { kind: 'books', loss: replica.booksLoss }
    return { kind: 'open', replica, commits }
  } catch (cause) {
    if (!(cause instanceof UnreadableCommit)) throw cause
    // Who may write at all depends on it, so nothing behind it can be judged.
    return { kind: 'hole', at: commits.blockStart(cause.order) }
  }
}

/** The next try makes the books anew from the log. */
async function dropBooks({ books, log }: EngineParts, loss: BooksLoss): Promise<void> {
  log.warn({ loss }, 'the saved books are of no use; making them anew from the log')
  await books?.drop(loss)
}

/** Offers the commits that wait; one that is damaged, or waits no more, is dropped: a peer has it. */
async function takeWaiting(
  parts: EngineParts,
  { replica, commits }: { replica: Replica; commits: CommitLog },
): Promise<void> {
  const { store, crypto } = parts
  const waiting: CommitRecord[] = []
  const changes: StoreChange[] = []
  for await (const batch of store.entries('w/')) {
    for (const [key, value] of batch) {
      const decoded = decodeRecord(value, crypto.sha256)
      const isGood =
        decoded.ok && waitingKey(decoded.record.id) === key && replica.history.find(decoded.record.id) < 0
      if (isGood) waiting.push(decoded.record)
      else changes.push({ type: 'del', key })
    }
  }
  for (const key of store.damagedKeys) if (key.startsWith('w/')) changes.push({ type: 'del', key })
  waiting.sort((a, b) => a.header.seq - b.header.seq)
  const result = replica.ingest(waiting)
  for (const { record } of result.refused) changes.push({ type: 'del', key: waitingKey(record.id) })
  await writeIntake(parts, commits, { result: { ...result, waiting: [] }, changes })
}

/** The name of the log, which a setting holds. */
class LogName {
  #bytes: Uint8Array
  readonly #store: Store

  private constructor(store: Store, bytes: Uint8Array) {
    this.#store = store
    this.#bytes = bytes
  }

  /** The name in the store; where none can be read, a new one. */
  static async read(store: Store): Promise<LogName> {
    const read = await store.read(NAME_KEY)
    const isName = read.state === 'whole' && read.value.length === NAME_BYTES
    const name = new LogName(store, isName ? read.value.slice() : new Uint8Array(NAME_BYTES))
    if (!isName) await name.renew()
    return name
  }

  get bytes(): Uint8Array {
    return this.#bytes
  }

  async renew(): Promise<void> {
    this.#bytes = new Uint8Array(randomBytes(NAME_BYTES))
    await this.#store.write([{ type: 'put', key: NAME_KEY, value: this.#bytes }])
  }
}

const NAME_KEY = 'm/log'
const NAME_BYTES = 16

/** An index that contradicts itself is thrown away; the next try makes it anew from the commits. */
async function dropIndex({ store, log }: EngineParts): Promise<void> {
  log.error('the index of the commit log contradicts itself; reading the commits themselves')
  const changes: StoreChange[] = []
  for await (const key of store.keys('i/')) changes.push({ type: 'del', key })
  await store.write(changes)
}

function noteMarks({ store }: EngineParts, replica: Replica): void {
  const { mark, damaged, isNew } = store.foundEnd
  if (damaged === 0 && (mark !== null || isNew || replica.logLength === 0)) return
  store.findings.note({
    code: 'end-mark',
    where: 'store.end',
    severity: 'note',
    message: 'a mark of how far the log goes was damaged',
    action: 'The other mark was used, or the log itself; the next commit writes it anew.',
  })
}

function holeFinding(at: number, count: number): Parameters<EngineParts['store']['findings']['note']>[0] {
  return {
    code: 'log-hole',
    where: `commit ${at}`,
    severity: 'pending',
    message: `the stored commit ${at} is lost, and ${count} commits behind it lost their place in the log`,
    action: 'They are taken in again; what is missing before them is fetched from other devices.',
  }
}
