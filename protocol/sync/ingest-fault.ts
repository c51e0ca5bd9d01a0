import { toHex } from '../encoding/index.ts'
import type { CommitRefusal } from '../replica/index.ts'
import type { IngestOutcome } from './session-port.ts'

/** Refusals that an honest peer may meet: another peer, or a later time, can cure them. */
export const CURABLE: ReadonlySet<CommitRefusal> = new Set([
  'gap',
  'unknown-device',
  'unsigned-stretch',
  'waiting-quota',
])

/** What in the commits of a peer no honest one sends, as the close code that a session has for it; null for nothing. */
export function ingestFault(
  outcome: IngestOutcome,
): { code: 'malformed-commit' | 'refused-commit'; detail: string } | null {
  if (!outcome.ok) return { code: 'malformed-commit', detail: outcome.refusal }
  const bad = outcome.result.refused.find((it) => !CURABLE.has(it.refusal))
  if (bad === undefined) return null
  const { device, seq } = bad.record.header
  return { code: 'refused-commit', detail: `${bad.refusal} at ${toHex(device)}/${seq}` }
}
