import type { Epoch } from '#protocol/authority'
import { toHex } from '#protocol/encoding'
import type { Engine } from '#node/engine'
import { amountIn, changeView, governmentView } from './proposal-view.ts'
import type { ChangeView, GovernmentView } from './proposal-view.ts'
import { recoveredView } from './recovery-view.ts'
import { RosterNames } from './roster-names.ts'
import type { DeviceName, MemberName } from './roster-names.ts'
import { shownTime } from './shown-time.ts'
import { shownText } from '#apps/shown-text'

/** Seals that one answer tells of. A guess: some months of daily ones. */
export const SEALS_SHOWN_MAX = 200

/** A seal of the line. */
export interface SealView extends GovernmentView {
  id: string
  height: number
  /** Id of the epoch before; null for the founding one. */
  parent: string | null
  kind: 'founding' | 'decision' | 'bare' | 'recovery'
  /** The proposal that it decided; null for none. */
  decided: { id: string; by: DeviceName; reason: string; changes: ChangeView[] } | null
  /** What a recovery changed, and the electors by whose voices; null when it is none. */
  recovered: { changes: ChangeView[]; voices: MemberName[]; isFinal: boolean } | null
  signedBy: MemberName[]
  /** When the signature was written that committed it, by its author's clock; null when that is not known. */
  sealedAtMs: number | null
  /** Chains that it settles further than its parent did. */
  settles: number
  closed: DeviceName[]
  removals: number
  floor: number
}

/** Seals of the line, the newest first, below a height. */
export async function sealHistory(
  engine: Engine,
  below: number = Number.MAX_SAFE_INTEGER,
): Promise<{ seals: SealView[]; isMore: boolean }> {
  const { epochs } = engine.replica.authority
  const line: Epoch[] = []
  for (let at: Epoch | null = epochs.tip; at !== null; at = at.parent)
    if (at.height < below && line.length <= SEALS_SHOWN_MAX) line.push(at)
  const seals: SealView[] = []
  for (const epoch of line.slice(0, SEALS_SHOWN_MAX)) seals.push(await sealView(engine, epoch))
  return { seals, isMore: line.length > SEALS_SHOWN_MAX }
}

/** When the signature was written that committed an epoch, by its author's clock, ms; null when it cannot be read. */
export async function sealedAt(engine: Engine, epoch: Epoch): Promise<number | null> {
  // The founding commit is the first of any log.
  const order = epoch.parent === null ? 0 : (epoch.votes.certificate.at(-1) ?? -1)
  if (order < 0 || engine.replica.logLength === 0) return null
  const [record] = await engine.read([order])
  return record?.header.timeMs ?? null
}

async function sealView(engine: Engine, epoch: Epoch): Promise<SealView> {
  const { authority } = engine.replica
  const names = new RosterNames(authority)
  const proposal = epoch.proposal === null ? null : authority.decisions.find(epoch.proposal)
  const signers = [...epoch.votes.signedBy().keys()]
  return {
    ...governmentView(epoch, names),
    id: epoch.name,
    height: epoch.height,
    parent: epoch.parent?.name ?? null,
    kind: kindOf(epoch),
    decided:
      proposal === null
        ? null
        : {
            id: toHex(proposal.id),
            by: names.device(proposal.device),
            reason: shownText(proposal.reason),
            changes: proposal.changes.map((it) => changeView(it, names, amountIn(engine.replica))),
          },
    recovered: recoveredOf(engine, epoch),
    signedBy: signers.sort().map((it) => names.member(it)),
    sealedAtMs: shownTimeOf(await sealedAt(engine, epoch)),
    settles: epoch.facts.frontier.length,
    closed: epoch.facts.closed.map((it) => names.device(it)),
    removals: epoch.removals,
    floor: epoch.facts.floor,
  }
}

function recoveredOf({ replica }: Engine, epoch: Epoch): SealView['recovered'] {
  const view = recoveredView(replica, epoch)
  if (view === null) return null
  const { changes, voices, isFinal } = view
  return { changes, voices, isFinal }
}

function shownTimeOf(timeMs: number | null): number | null {
  return timeMs === null ? null : shownTime(timeMs)
}

function kindOf({ parent, isRecovery, proposal }: Epoch): SealView['kind'] {
  if (parent === null) return 'founding'
  if (isRecovery) return 'recovery'
  return proposal === null ? 'bare' : 'decision'
}
