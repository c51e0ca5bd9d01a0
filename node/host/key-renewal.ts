import { setTimeout as sleep } from 'node:timers/promises'
import { renewalMessage } from '#protocol/authority'
import { fromHex, toHex } from '#protocol/encoding'
import { certifyDevice } from '#protocol/identity'
import type { Crypto, Signer } from '#protocol/identity'
import type { RenewalRequest } from '#protocol/invite'
import type { Replica } from '#protocol/replica'
import type { Engine } from '#node/engine'
import { CoopError } from '#node/errors'
import { JOIN_PROTOCOL, askForNewKey, joinRefusalError } from '#node/mesh'
import type { Mesh } from '#node/mesh'

/** How long a device that may admit is looked for. A guess: several tries to dial it. */
const REACH_TIMEOUT_MS = 10_000
const LOOK_EVERY_MS = 100
/** How often a device that has suspended this one, and so keeps no connection, is called. A guess. */
const CALL_EVERY_MS = 1_000
/** Times that one device is asked: its connection may end just then, and the same request again is no second key. */
const ASKS_MAX = 2

/** What the admission of a new key stands on. */
export interface RenewalParts {
  engine: Engine
  crypto: Crypto
  mesh: Mesh
  kit: Signer
  /** The new key. */
  next: Signer
  deviceName: string | undefined
  /** Called before the first device is asked: from then on the new key may be on the roster. */
  onAsk: () => void
}

/** Devices (hex) that may admit a new key of this device; an error when there are none, or the kit is another's. */
export function helpersOf(engine: Engine, kit: Signer): string[] {
  const { authority, device } = engine.replica
  const own = authority.devices.get(device ?? '')
  if (own === undefined) {
    const next = 'Start the node where it reaches others of the co-op, then try again.'
    throw new CoopError('refused', 'this device is not on the roster yet', next)
  }
  if (!own.admissions.some((it) => it.member === toHex(kit.publicKey))) {
    const next = `Take the kit of ${own.memberName}, to whom this device belongs.`
    throw new CoopError('kit-unknown', 'these words are the recovery kit of somebody else', next)
  }
  const helpers = [...authority.devices.keys()].filter(
    (it) => it !== device && authority.slotsOf(it) > 0 && engine.suspensionOf(it) === null,
  )
  if (helpers.length > 0) return helpers
  const message =
    authority.slotsOf(device ?? '') > 0
      ? 'only this device itself could admit a new key, and it must not write'
      : 'no device of the co-op has admissions left to give'
  throw new CoopError(
    'no-slots',
    message,
    'docs/runbooks/restored-or-copied-folder.md says what is left to do.',
  )
}

/** Has a device that may admit write the new key on the roster; returns that device's key. */
export async function admitNewKey(parts: RenewalParts): Promise<Uint8Array> {
  const { engine, mesh, kit } = parts
  const helpers = helpersOf(engine, kit)
  const asked = new Map<string, number>()
  let refusal: CoopError | null = null
  let lost: unknown = null
  let calledAtMs = 0
  for (const endMs = Date.now() + REACH_TIMEOUT_MS; Date.now() < endMs; await sleep(LOOK_EVERY_MS)) {
    const connected = new Set(mesh.connectedDevices())
    if (Date.now() - calledAtMs >= CALL_EVERY_MS) {
      calledAtMs = Date.now()
      for (const helper of helpers) if ((asked.get(helper) ?? 0) < ASKS_MAX) mesh.reach(helper)
    }
    for (const helper of helpers.filter((it) => connected.has(it) && (asked.get(it) ?? 0) < ASKS_MAX)) {
      const count = (asked.get(helper) ?? 0) + 1
      asked.set(helper, count)
      parts.onAsk()
      try {
        refusal = await askHelper(parts, helper)
        asked.set(helper, ASKS_MAX)
      } catch (cause) {
        if (count >= ASKS_MAX) throw cause
        lost = cause
        continue
      }
      const key = fromHex(helper)
      if (refusal === null && key !== null) return key
    }
    if (helpers.every((it) => asked.get(it) === ASKS_MAX)) break
  }
  // The key may be on the roster: the next try must go on with it.
  if (lost !== null) throw lost
  if (refusal !== null) throw refusal
  const names = helpers.map((it) => nameOf(engine.replica, it)).join(', ')
  throw new CoopError(
    'unreachable',
    `no device that may admit a new key can be reached: ${names}`,
    'Start one of them and check that both are in one network, then run the command again. Nothing was changed.',
  )
}

/** Asks one device; null when it admitted the key, else why not. Throws when its answer was lost. */
async function askHelper(parts: RenewalParts, helper: string): Promise<CoopError | null> {
  const { mesh } = parts
  const { replica } = parts.engine
  let answer
  try {
    answer = await askForNewKey(await mesh.openStream(helper, JOIN_PROTOCOL), requestOf(parts))
  } catch (cause) {
    throw new CoopError(
      'unreachable',
      `${nameOf(replica, helper)} was asked to admit the new key, and its answer did not come`,
      'Run the command again; it goes on with the same key.',
      cause,
    )
  }
  if (answer === null)
    return new CoopError(
      'join-refused',
      'the other side answered nonsense',
      'Bring both devices to one version.',
    )
  return answer.ok ? null : joinRefusalError(answer)
}

function requestOf({ engine, crypto, kit, next, deviceName }: RenewalParts): RenewalRequest {
  const { replica } = engine
  const { coop } = replica
  const own = replica.authority.devices.get(replica.device ?? '')
  const claim = {
    device: next.publicKey,
    kit: kit.publicKey,
    replaces: own?.key ?? new Uint8Array(32),
    memberName: own?.memberName ?? '',
    deviceName: deviceName ?? own?.deviceName ?? '',
  }
  const proof = next.sign(renewalMessage(coop, claim, crypto.sha256))
  return { ...claim, certificate: certifyDevice(kit, coop, next.publicKey), proof }
}

function nameOf(replica: Replica, device: string): string {
  const entry = replica.authority.devices.get(device)
  return entry === undefined ? device : `${entry.memberName}/${entry.deviceName}`
}
