import { CHANGES_MAX, actSection, encodeSeal, recoveryMessage } from '#protocol/authority'
import type { AuthorityEntry, Change, Epoch, Rescue } from '#protocol/authority'
import { toHex } from '#protocol/encoding'
import type { Signer } from '#protocol/identity'
import { LEDGER } from '#protocol/ledger'
import type { LedgerState } from '#protocol/ledger'
import { CoopError } from '#node/errors'
import { basisHere, needFit } from './authority-desk.ts'
import type { Asked } from './authority-desk.ts'
import { changesOf } from './change-request.ts'
import type { ChangeRequest } from './change-request.ts'
import type { CoopNode } from './coop-node.ts'
import { kitOfWords } from './recovery-kit.ts'
import { RecoveryTally } from './recovery-tally.ts'
import { electorObstacle, obstacleOf } from './recovery-view.ts'
import { RosterNames } from './roster-names.ts'

/** What a recovery can change: who is a steward. */
export type RecoveryRequest = Extract<ChangeRequest, { kind: 'steward' }> | { kind: 'demote'; member: string }

/** Members make stewards when the stewards are gone: by the voices of their devices or of their kits, as the rules say. */
export class RecoveryDesk {
  readonly #node: CoopNode

  constructor(node: CoopNode) {
    this.#node = node
  }

  /** The changes that are asked for; throws when they do not fit. Nothing is written. */
  asked(requests: readonly RecoveryRequest[]): Asked {
    const { authority, history } = this.#replica
    const ledger = this.#replica.document(LEDGER) as LedgerState
    const parts = { authority, history, names: this.#names, ledger }
    // Sorted, so that the same changes are one record whoever asks for them, and voices for it add up.
    const changes = requests.flatMap((it) => changesOf(it, parts)).toSorted(byKind)
    if (changes.length === 0 || changes.length > CHANGES_MAX)
      throw new CoopError(
        'usage',
        `a recovery has 1 to ${CHANGES_MAX} changes`,
        'Name who shall be a steward, and who shall be one no longer.',
      )
    const asked = { changes, basis: changes.map((it) => basisHere(authority, it)) }
    needFit(authority, asked, this.#names)
    return asked
  }

  /** Speaks for these changes as the first, or joins who asks for the same. Returns the id (hex) of the record. */
  async propose(requests: readonly RecoveryRequest[], kitWords: string | null): Promise<string> {
    const { changes } = this.asked(requests)
    const { tip } = this.#replica.authority.epochs
    const seal = encodeSeal({
      ...{ coop: this.#node.membership.coop, parent: tip.id, height: tip.height + 1, decision: null },
      ...{ frontier: [], forks: [], left: [], changes },
    })
    return this.#speak(seal, kitWords)
  }

  /** Speaks for a recovery that somebody asked for. Returns the id (hex) of the record. */
  async voice(text: string, kitWords: string | null): Promise<string> {
    return this.#speak(this.#find(text).bytes, kitWords)
  }

  get #replica(): CoopNode['membership']['engine']['replica'] {
    return this.#node.membership.engine.replica
  }

  get #names(): RosterNames {
    return new RosterNames(this.#replica.authority)
  }

  async #speak(seal: Uint8Array, kitWords: string | null): Promise<string> {
    const id = this.#node.crypto.sha256(seal)
    const name = toHex(id)
    const tally = new RecoveryTally(this.#replica)
    const kit = this.#kitFor(tally, kitWords)
    const elector = kit === null ? this.#ownElector(tally) : toHex(kit.publicKey)
    const attempt = tally.attemptFor(name, elector)
    if (tally.hasSpoken(name, elector, attempt)) return name
    await this.#write(
      kit === null
        ? { t: 'recover', attempt, seal }
        : {
            ...{ t: 'kits', attempt, seal, kit: kit.publicKey },
            signature: kit.sign(recoveryMessage(this.#node.membership.coop, attempt, id)),
          },
    )
    return name
  }

  /** The elector's kit where the rules want one; null where devices speak. */
  #kitFor(tally: RecoveryTally, kitWords: string | null): Signer | null {
    const { authority } = this.#replica
    const rule = authority.epochs.tip.rules.recovery
    if (rule === 'member-quorum') {
      if (kitWords === null) return null
      throw new CoopError(
        'refused',
        'in this co-op devices of members speak for a recovery, not their kits (recovery-rule)',
        'Leave the kit away, on a device of yours. If you have none left, the kit gives you one: `coop invite` on a device of ' +
          'another member, and `coop join LINK --kit` on yours.',
      )
    }
    if (kitWords === null)
      throw new CoopError(
        'refused',
        'in this co-op recovery kits speak for a recovery (recovery-rule)',
        `Give the 24 words of the kit of an elector: ${this.#electorsText(tally)}.`,
      )
    const kit = kitOfWords(kitWords).signer
    const member = toHex(kit.publicKey)
    if (tally.electors.has(member)) return kit
    const isKnown = authority.devicesOf(member).length > 0
    const who = isKnown ? `the kit of ${this.#names.memberText(member)}` : 'this kit'
    throw new CoopError(
      isKnown ? 'not-elector' : 'kit-unknown',
      `${who} has no voice in a recovery: ${electorObstacle(authority, member)} (not-elector)`,
      `Those who have one: ${this.#electorsText(tally)}.`,
    )
  }

  #ownElector(tally: RecoveryTally): string {
    const { authority, device } = this.#replica
    const obstacle = obstacleOf(this.#replica, tally)
    if (obstacle === null) return authority.devices.get(device ?? '')?.member ?? ''
    throw new CoopError(
      'not-elector',
      `${obstacle} (not-elector)`,
      `Those who have a voice: ${this.#electorsText(tally)}.`,
    )
  }

  #electorsText({ electors, quorum }: RecoveryTally): string {
    const names = [...electors].map((it) => this.#names.memberText(it)).sort()
    return `${names.join(', ')}; ${quorum} of them are needed`
  }

  /** The recovery that an id, or its first 8 or more digits, names. */
  #find(text: string): Rescue {
    const { authority } = this.#replica
    const prefix = text.toLowerCase()
    const isPrefix = /^[0-9a-f]{8,64}$/.test(prefix)
    const at = (epoch: Epoch): Rescue[] =>
      authority.recovery.rescuesAt(epoch).filter((it) => isPrefix && it.name.startsWith(prefix))
    const { tip } = authority.epochs
    const found = at(tip)
    const [first] = found
    if (first !== undefined && found.length === 1) return first
    if (first !== undefined)
      throw new CoopError('name-ambiguous', `${found.length} recoveries begin so`, 'Give more digits.')
    for (let epoch = tip.parent, child = tip; epoch !== null; child = epoch, epoch = epoch.parent) {
      const [past] = at(epoch)
      if (past === undefined) continue
      throw new CoopError(
        'recovery-unknown',
        past.name === child.name
          ? `this recovery is in force, as seal ${child.height}`
          : `this recovery is over: seal ${child.height} came first (parent)`,
        '`coop history` shows what was decided. What is still wanted has to be asked for anew.',
      )
    }
    throw new CoopError(
      'recovery-unknown',
      `no recovery that is under way begins with '${text.slice(0, 80)}'`,
      'Run `coop recover`: give the first 8 or more digits of its id.',
    )
  }

  async #write(entry: AuthorityEntry): Promise<void> {
    await this.#node.membership.engine.append([actSection(entry)])
  }
}

/** New stewards first; of one kind by the member. */
function byKind(a: Change, b: Change): number {
  return keyOf(a) < keyOf(b) ? -1 : 1
}

function keyOf(change: Change): string {
  return change.kind === 'steward' || change.kind === 'demote'
    ? `${change.kind === 'steward' ? 0 : 1}${toHex(change.member)}`
    : ''
}
