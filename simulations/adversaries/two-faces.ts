import type { Actor, Message, SimNode } from '../peers/index.ts'

/**
 * A member that writes two histories: two nodes under one key at one place of the network, each of which some peers take
 * for the whole. Until it parts there is one, and it is honest. With an ally each side takes in what the same side of the
 * ally wrote, whatever the network: so they acknowledge each other's branches.
 */
export class TwoFaces implements Actor {
  readonly #faces: readonly [SimNode, SimNode]
  readonly #second: Set<number> = new Set()
  #hasParted = false
  ally: TwoFaces | null = null

  constructor(faces: readonly [SimNode, SimNode]) {
    this.#faces = faces
    for (const face of faces) face.isReckless = true
  }

  /** The node that a peer knows. */
  faceFor(peer: number): SimNode {
    return this.#faces[this.#hasParted && this.#second.has(peer) ? 1 : 0]
  }

  /** Those that write: both once they have parted. */
  writers(): readonly SimNode[] {
    return this.#hasParted ? this.#faces : this.#faces.slice(0, 1)
  }

  linkUp(peer: number): void {
    this.faceFor(peer).linkUp(peer)
  }

  linkDown(peer: number): void {
    for (const face of this.#faces) face.linkDown(peer)
  }

  receive(from: number, message: Message): void {
    this.faceFor(from).receive(from, message)
  }

  /** From now on these peers see a copy that goes its own way. To be called while no link is up. */
  part(peers: readonly number[]): void {
    const [first, second] = this.#faces
    if (this.#hasParted || !first.isOn) return
    this.#hasParted = true
    for (const peer of peers) this.#second.add(peer)
    second.powerOff({ kind: 'lost' })
    second.disk.restore(first.disk.image())
    second.powerOn(false)
  }

  /** Each side takes in what the same side of the ally has written. */
  collude(): void {
    const { ally } = this
    if (ally === null || !this.#hasParted) return
    for (const [side, face] of this.#faces.entries()) {
      const other = ally.writers()[side]
      if (other === undefined || face.replica === null) continue
      const lacking = []
      for (let order = 0; order < other.disk.length; order += 1) {
        const record = other.disk.read(order)
        if (record !== null && face.replica.history.find(record.id) < 0) lacking.push(record)
      }
      face.take(lacking)
    }
  }
}
