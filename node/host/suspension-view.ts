import { fromHex } from '#protocol/encoding'
import { deviceText } from '#protocol/identity'
import type { Engine, Suspension } from '#node/engine'
import type { Warning } from './damage-warnings.ts'

/** Suspensions that are told one by one. A guess: more than that is another kind of trouble. */
const TOLD_MAX = 3

/** Why a device is suspended, with what proves it. */
export interface SuspensionView {
  /** `fork`: it signed two commits of one seq. */
  reason: Suspension['reason']
  /** PeerId. */
  device: string
  /** The lowest seq at which its histories part. */
  seq: number
  /** Ids of two of its commits of that seq: `coop commit show` and `coop export --commits` give them. */
  commits: string[]
}

/** The view of a suspension. */
export function suspensionView(suspension: Suspension): SuspensionView
export function suspensionView(suspension: Suspension | null): SuspensionView | null
export function suspensionView(suspension: Suspension | null): SuspensionView | null {
  if (suspension === null) return null
  const { reason, seq, commits } = suspension
  const key = fromHex(suspension.device) ?? new Uint8Array(32)
  return { reason, device: deviceText(key), seq, commits: [...commits] }
}

/**
 * One for each other device that is suspended, until a new key of it is on the roster: from then on only its row says so.
 */
export function suspensionWarnings(engine: Pick<Engine, 'replica' | 'suspensions'>): Warning[] {
  const suspensions = engine.suspensions()
  if (suspensions.length === 0) return []
  const { authority, device: own } = engine.replica
  const replaced = new Set([...authority.devices.values()].map((it) => it.replaces))
  const open = suspensions.flatMap((suspension) => {
    const entry = authority.devices.get(suspension.device)
    const isOpen = entry !== undefined && suspension.device !== own && !replaced.has(suspension.device)
    return isOpen ? [{ entry, suspension }] : []
  })
  const warnings = open.slice(0, TOLD_MAX).map(({ entry, suspension }) => ({
    code: 'device-suspended',
    message: `the device "${entry.deviceName}" of ${entry.memberName} is suspended: it wrote two histories`,
    next:
      'Nothing that is stored here is lost. Mostly its folder was copied: whoever runs it gives it a new key, there, ' +
      'with the recovery kit (`coop restore --new-key`). Its commit ' +
      `${suspension.seq} exists twice: ${suspension.commits.map((id) => id.slice(0, 8)).join(' and ')}. ` +
      'docs/runbooks/forked-device.md says more.',
  }))
  if (open.length <= TOLD_MAX) return warnings
  const message = `${open.length - TOLD_MAX} more devices are suspended: they wrote two histories each`
  return [...warnings, { code: 'device-suspended', message, next: 'Run `coop members` to see all of them.' }]
}
