import type { Store, World } from './world.ts'

/** Something that arrives: a commit or a seal, by its id in the world. */
export type Item = { kind: 'commit'; id: number } | { kind: 'seal'; id: number }

/** Takes what arrives in any order, several times over, and hands on each thing once, when all that it needs is here. */
export class Intake {
  readonly #world: World
  readonly #store: Store
  #waiting: Item[] = []

  /** `store` is what has been handed on. */
  constructor(world: World, store: Store) {
    this.#world = world
    this.#store = store
  }

  get isStuck(): boolean {
    return this.#waiting.length > 0
  }

  /** Takes an item and hands on what is ready now. */
  receive(item: Item, take: (item: Item) => void): void {
    this.#waiting.push(item)
    for (let ready = this.#nextReady(); ready !== undefined; ready = this.#nextReady()) {
      this.#waiting = this.#waiting.filter((it) => it !== ready)
      if (!this.#isKnown(ready)) take(ready)
    }
  }

  #nextReady(): Item | undefined {
    const { commits, seals } = this.#store
    return this.#waiting.find((item) => {
      if (item.kind === 'commit') {
        const { prev, seen, epoch } = this.#world.at(item.id)
        return seals.has(epoch) && [prev, ...seen].every((id) => id < 0 || commits.has(id))
      }
      const { parent, frontier } = this.#world.sealAt(item.id)
      return seals.has(parent) && [...frontier.values()].every((id) => commits.has(id))
    })
  }

  #isKnown({ kind, id }: Item): boolean {
    return kind === 'commit' ? this.#store.commits.has(id) : this.#store.seals.has(id)
  }
}

/** Everything in a store that has to arrive, seals first. The founding one is there from the start. */
export function itemsOf({ commits, seals }: Store): Item[] {
  return [
    ...[...seals].filter((id) => id > 0).map((id): Item => ({ kind: 'seal', id })),
    ...[...commits].map((id): Item => ({ kind: 'commit', id })),
  ]
}
