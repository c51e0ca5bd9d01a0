import { Trail } from './act.ts'
import type { Act } from './act.ts'
import type { Epoch, LineMap } from './epoch.ts'

/** What a chain has done with its slots so far. */
interface Spending {
  readonly spent: number
  /** Epochs that its acts cited, without those that another of them goes on from. */
  readonly cited: readonly Epoch[]
}

/** Slots: admissions that devices may give away. The right is a holding, so each chain spends its own. */
export class Slots {
  readonly #gifts: LineMap<number>
  readonly #spendings = new Trail<Spending>()
  /** By device (hex): slots that new keys of members took, on all branches together. */
  readonly #renewals = new Map<string, number>()
  #founder: { device: string; slots: number } | null = null

  constructor(gifts: LineMap<number>) {
    this.#gifts = gifts
  }

  /** Slots of the founding device (hex). */
  found(device: string, slots: number): void {
    this.#founder = { device, slots }
  }

  /** Slots that the author's own chain has left. */
  left(act: Act): number {
    const { spent, cited } = this.#behind(act)
    return this.#given(act.device, cited) - spent
  }

  /** Slots that a device (hex) got by the genesis and the line of an epoch. */
  givenTo(device: string, epoch: Epoch): number {
    return this.#given(device, [epoch])
  }

  spend(act: Act, count: number): void {
    const { spent, cited } = this.#behind(act)
    this.#spendings.add(act, { spent: spent + count, cited })
  }

  /** An admission of a new key takes one slot. */
  renew(act: Act): void {
    this.spend(act, 1)
    this.#renewals.set(act.device, this.renewedBy(act.device) + 1)
  }

  renewedBy(device: string): number {
    return this.#renewals.get(device) ?? 0
  }

  clear(): void {
    this.#spendings.clear()
    this.#renewals.clear()
    this.#founder = null
  }

  #behind(act: Act): Spending {
    const before = this.#spendings.before(act)
    const { cited: epoch } = act
    if (before === undefined) return { spent: 0, cited: [epoch] }
    if (before.cited.some((it) => epoch.isAtOrBefore(it))) return before
    return { spent: before.spent, cited: [...before.cited.filter((it) => !it.isAtOrBefore(epoch)), epoch] }
  }

  #given(device: string, cited: readonly Epoch[]): number {
    let given = this.#founder?.device === device ? this.#founder.slots : 0
    for (const { epoch, value } of this.#gifts.of(device))
      if (cited.some((it) => epoch.isAtOrBefore(it))) given += value
    return given
  }
}
