import type { CommitRecord } from '#protocol/commit'
import type { Replica } from '#protocol/replica'
import { CoopError } from '#node/errors'

/** Where commits are read from: the engine of a node. */
export interface CommitSource {
  readonly replica: Replica
  /** Records at these places of the log, as a prefix: fewer when they are many, none when the first is unreadable. */
  read(orders: readonly number[]): Promise<CommitRecord[]>
  /** Resolves once all commits of the replica are on the disk, where `read` finds them. */
  durable(): Promise<void>
}

/** Commits asked for at a time; the source returns fewer when they are large. */
const READ_COMMITS = 256

/** Reads commits one after the other; holds no more of them than the source returns at once. */
export async function* readCommits(
  source: CommitSource,
  orders: readonly number[],
): AsyncGenerator<CommitRecord> {
  for (let at = 0; at < orders.length;) {
    const records = await readSome(source, orders.slice(at, at + READ_COMMITS))
    yield* records
    at += records.length
  }
}

/** Reads one commit. */
export async function readCommit(source: CommitSource, order: number): Promise<CommitRecord> {
  const [record] = await readSome(source, [order])
  return record ?? unreadable(order)
}

/** Reads at least the first of these commits. The newest ones may still be on their way to the disk. */
async function readSome(source: CommitSource, orders: readonly number[]): Promise<CommitRecord[]> {
  const records = await source.read(orders)
  if (records.length > 0) return records
  await source.durable()
  const again = await source.read(orders)
  return again.length > 0 ? again : unreadable(orders[0] ?? 0)
}

function unreadable(order: number): never {
  throw new CoopError(
    'data-damaged',
    `the stored commit at place ${order} of the log cannot be read`,
    'Check the disk. Another device of the co-op holds the same commits: ask there.',
  )
}
