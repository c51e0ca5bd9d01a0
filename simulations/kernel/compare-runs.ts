import type { Sha256 } from '#protocol/identity'
import { Audit, BLOCK_EVENTS, EVENT_BYTES } from './audit.ts'
import type { AuditedEvent } from './audit.ts'

/** The first place where two runs differ. */
export interface Difference {
  /** Number of the first event that differs, as the audits count; of the first of its block if events were not kept. */
  readonly number: number
  /** That event in the first run; null: the run ended before it, or its block was not kept. */
  readonly first: AuditedEvent | null
  /** That event in the second run; null as above. */
  readonly second: AuditedEvent | null
}

/** The first difference of two recorded runs; null when they recorded the same. */
export function firstDifference(a: Audit, b: Audit): Difference | null {
  const blocks = Math.min(a.chain.length, b.chain.length)
  let index = 0
  while (index < blocks && equalBytes(a.chain[index] as Uint8Array, b.chain[index] as Uint8Array)) index += 1
  const ofA = a.block(index)
  const ofB = b.block(index)
  if (ofA === undefined || ofB === undefined) {
    return { number: index * BLOCK_EVENTS, first: null, second: null }
  }
  const events = Math.max(ofA.length, ofB.length) / EVENT_BYTES
  for (let i = 0; i < events; i += 1) {
    const number = index * BLOCK_EVENTS + i
    const first = a.event(number) ?? null
    const second = b.event(number) ?? null
    if (first === null || second === null || !isSame(first, second)) return { number, first, second }
  }
  // Equal events with equal numbers of kinds, but other kinds registered.
  if (equalBytes(a.digest(), b.digest())) return null
  return { number: a.events, first: null, second: null }
}

/** A difference in words: what each of the two runs did, and where. */
export function describeDifference(difference: Difference): string {
  const { number, first, second } = difference
  if (first === null && second === null) return `the runs differ from event ${number} on; it was not kept`
  return `event ${number} differs: ${inWords(first)} in the first run, ${inWords(second)} in the second`
}

/** What `compareRuns` found: the digests of the first two runs, and the difference if there is one. */
export interface Comparison {
  readonly digests: readonly [Uint8Array, Uint8Array]
  readonly difference: Difference | null
}

/**
 * Does the same run twice and compares. `run` gets the audit to record with and the number of the attempt (0 or 1), so
 * that it can hand in unordered inputs in another order the second time. Where the digests differ, both are run again
 * with the blocks around the difference kept, so that its event can be named in runs of any length.
 */
export function compareRuns(run: (audit: Audit, attempt: number) => void, sha256: Sha256): Comparison {
  const pair = (keep: { keepFrom: number; keepBlocks: number }): [Audit, Audit] => {
    const audits: [Audit, Audit] = [new Audit({ sha256, ...keep }), new Audit({ sha256, ...keep })]
    for (const [attempt, audit] of audits.entries()) run(audit, attempt)
    return audits
  }
  const [a, b] = pair({ keepFrom: 0, keepBlocks: 0 })
  const digests: [Uint8Array, Uint8Array] = [a.digest(), b.digest()]
  const found = firstDifference(a, b)
  if (found === null || found.first !== null || found.second !== null) return { digests, difference: found }
  // A run that the seed does not fix may part elsewhere the next time: the blocks before and after are kept too.
  const keepFrom = Math.max(0, Math.floor(found.number / BLOCK_EVENTS) - BLOCKS_AROUND)
  const again = firstDifference(...pair({ keepFrom, keepBlocks: 2 * BLOCKS_AROUND + 1 }))
  return { digests, difference: again ?? found }
}

/** Blocks kept on each side of a difference: 65,536 events, 2 MiB. A guess. */
const BLOCKS_AROUND = 16

function inWords(event: AuditedEvent | null): string {
  if (event === null) return 'no event'
  const { kind, target, timeUs, data, notes } = event
  return `'${kind}' of target ${target} at ${timeUs} us (data ${data}, notes ${notes})`
}

function isSame(a: AuditedEvent, b: AuditedEvent): boolean {
  return (
    a.kind === b.kind &&
    Object.is(a.timeUs, b.timeUs) &&
    a.target === b.target &&
    Object.is(a.data, b.data) &&
    a.notes === b.notes
  )
}

function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i])
}
