import { RIGHTS_COMMITS_MAX, RIGHTS_COMMIT_BYTES_MAX } from '#protocol/ledger'
import type { Sha256 } from '#protocol/identity'
import type { HeadRow } from '#protocol/replica'
import { Serving, decodeFrame, encodeFrame, missingFrom } from '#protocol/sync'
import type { CloseCode } from '#protocol/sync'
import type { Engine } from '#node/engine'
import { FramedStream, StreamEnded } from '#node/mesh'
import type { Mesh } from '#node/mesh'

/** Number of the request that such commits answer: there is one a stream. */
const REQUEST = 0
/** How long the commits of an answer may take in all. A guess: 8 MiB at 3 Mbit/s, with a person who waits. */
const COMMITS_MS = 20_000

/** A commit with what a device lacks of its past, as frames of the sync stream. */
export interface PastFrames {
  frames: Uint8Array[]
  commits: number
}

/**
 * A commit and what a device lacks of its causal past, in the batches in which sync sends them, each branch up to a
 * signature that holds. All of it, or null: too much for one answer, or the disk does not give it back.
 */
export async function readPast(
  engine: Engine,
  about: { commit: Uint8Array; rows: readonly HeadRow[]; device: Uint8Array },
  sha256: Sha256,
): Promise<PastFrames | null> {
  const { replica } = engine
  const to = replica.history.find(about.commit)
  const orders = to < 0 ? null : missingFrom(replica, { to, ...about }, RIGHTS_COMMITS_MAX)
  if (orders === null) return null
  const serving = new Serving({ replica, sha256 }, { request: REQUEST, orders, limit: orders.length })
  const left = new Set(orders)
  const past: PastFrames = { frames: [], commits: 0 }
  let bytes = 0
  for (let read = serving.nextRead(); read !== null; read = serving.nextRead()) {
    serving.take(await engine.serve(read))
    // Its places in the log are another one's by now.
    if (engine.replica !== replica) return null
    const batch = serving.nextBatch()
    if (batch === null) continue
    serving.confirm()
    const { records } = batch
    const frame = encodeFrame({ kind: 'commits', request: REQUEST, records })
    bytes += frame.length
    past.commits += records.length
    if (bytes > RIGHTS_COMMIT_BYTES_MAX || past.commits > RIGHTS_COMMITS_MAX) return null
    past.frames.push(frame)
    for (const order of batch.orders) left.delete(order)
  }
  return left.size === 0 ? past : null
}

/**
 * Takes the commits that a device sends behind its answer, with the checks that those of a session get. False for what no
 * honest device sends, which is noted as its fault. What it does not send, or does not in time, comes by sync.
 */
export async function takePast(
  framed: FramedStream,
  commits: number,
  { mesh, device }: { mesh: Mesh; device: string },
): Promise<boolean> {
  const fault = (code: CloseCode, detail: string): false => {
    mesh.noteFault(device, code, `${detail} behind an answer of rights`)
    return false
  }
  const untilMs = performance.now() + COMMITS_MS
  let bytes = 0
  for (let left = commits; left > 0;) {
    const frame = await next(framed, Math.max(1, untilMs - performance.now()))
    if (frame === null) return true
    if (!(frame instanceof Uint8Array)) return fault(frame, 'frames')
    const decoded = decodeFrame(frame)
    if (!decoded.ok) return fault('malformed-frame', decoded.refusal)
    if (decoded.frame.kind !== 'commits' || decoded.frame.request !== REQUEST)
      return fault('out-of-order', `'${decoded.frame.kind}'`)
    const { records } = decoded.frame
    left -= records.length
    bytes += frame.length
    if (left < 0 || bytes > RIGHTS_COMMIT_BYTES_MAX) return fault('out-of-order', 'more than was said')
    if (!(await mesh.takeCommits(device, records))) return false
  }
  return true
}

/** The next frame; where the stream ends, what the peer did wrong, or null for nothing. */
async function next(framed: FramedStream, timeoutMs: number): Promise<Uint8Array | StreamEnded['fault']> {
  try {
    return await framed.next(timeoutMs)
  } catch (cause) {
    if (cause instanceof StreamEnded) return cause.fault
    throw cause
  }
}
