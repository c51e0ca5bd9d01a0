import type { CommitRecord } from '#protocol/commit'
import { toHex } from '#protocol/encoding'
import { decodeFrame, encodeFrame } from '#protocol/sync'
import type { Frame, SessionOutput } from '#protocol/sync'
import type { Attack } from '#simulations/adversaries'
import { SessionBench } from './session-bench.ts'

/** What an attack came to. */
export interface AttackResult {
  /** Why it was cut, or 'open'. */
  closed: string
  afterMs: number
  /** Frames and bytes that the attacker said. */
  frames: number
  bytes: number
  /** Bytes that it was sent. */
  bytesSent: number
}

/** Lets an attacker loose on a session until it is cut, or the time is over. */
export function runAttack(
  bench: SessionBench,
  attack: Attack,
  { log, forMs }: { log: readonly CommitRecord[]; forMs: number },
): AttackResult {
  const startMs = bench.nowMs
  const result = { frames: 0, bytes: 0, bytesSent: 0 }
  const records = new Map(log.map((it) => [toHex(it.id), it]))
  const said: Frame[] = attack.opening()
  let tickAtMs = startMs + (attack.tick?.everyMs ?? Infinity)
  const carryOut = (outputs: readonly SessionOutput[]): void => {
    for (const output of outputs) {
      if (output.kind === 'send') {
        result.bytesSent += output.bytes.length
        const decoded = decodeFrame(output.bytes.subarray(4))
        if (decoded.ok) said.push(...attack.answer(decoded.frame))
      } else if (output.kind === 'ingest') {
        carryOut(bench.ingest(output.records))
      } else if (output.kind === 'read') {
        const found = output.orders.map((order) => records.get(toHex(bench.replica.history.idOf(order))))
        carryOut(bench.records(found.filter((it) => it !== undefined)))
      }
    }
  }
  while (bench.closed === 'open' && bench.nowMs - startMs < forMs) {
    const frame = said.shift()
    if (frame === undefined) {
      bench.nowMs = Math.min(tickAtMs, bench.session.wakeAtMs ?? Infinity, startMs + forMs)
      if ((bench.session.wakeAtMs ?? Infinity) <= bench.nowMs) carryOut(bench.wakeAt(bench.nowMs))
      if (tickAtMs > bench.nowMs) continue
      said.push(...(attack.tick?.frames() ?? []))
      tickAtMs += attack.tick?.everyMs ?? Infinity
      continue
    }
    const bytes = encodeFrame(frame)
    result.frames += 1
    result.bytes += bytes.length
    carryOut(bench.give({ kind: 'frame', bytes }))
  }
  return { ...result, closed: bench.closed, afterMs: bench.nowMs - startMs }
}
