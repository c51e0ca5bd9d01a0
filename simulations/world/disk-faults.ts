import { toHex } from '#protocol/encoding'
import type { DiskImage } from '../disk/index.ts'
import type { RandomStream, Simulator } from '../kernel/index.ts'
import type { SimNode } from '../peers/index.ts'
import type { Decision } from './world-config.ts'

/** What disk faults need of their world. */
export interface DiskFaultsParts {
  readonly sim: Simulator
  /** Ids (hex) of commits of which a disk lost a copy to decay. */
  readonly rotted: Set<string>
  /** Nodes that follow the protocol. */
  nodes(): readonly SimNode[]
  /** True while faults happen, and for a device that is not gone for good. */
  mayFail(place: number): boolean
  /** Ends something after a while, or when the faults end. */
  later(delayUs: number, undo: () => void): void
  /** Takes a place off the network, and puts it back. */
  leave(place: number): void
  return(place: number): void
  /** The network forgets connections of a place that starts anew. */
  reconnect(place: number, start: () => void): void
  reached(state: 'rejoined' | 'image-restored'): void
}

/** Power cuts, decay, and older images that are put back. */
export class DiskFaults {
  readonly #parts: DiskFaultsParts
  readonly #images: Map<number, DiskImage> = new Map()

  constructor(parts: DiskFaultsParts) {
    this.#parts = parts
  }

  /** Half of the cuts wait for the next write, or nearly none would meet one. */
  powerCut(node: SimNode, decision: Decision): void {
    const random = this.#parts.sim.random.stream('power-cut', decision.key)
    if (random.below(2) === 0) return this.#cutPower(node, decision, random)
    node.onWrite = (syncUs) =>
      this.#parts.later(random.below(syncUs + 1), () => this.#cutPower(node, decision, random))
  }

  #cutPower(node: SimNode, { forUs }: Decision, random: RandomStream): void {
    const { mayFail, leave, later, reached } = this.#parts
    if (!node.isOn || !mayFail(node.number)) return
    node.powerOff(node.drawOutcome(random))
    leave(node.number)
    later(forUs, () => {
      node.powerOn(true)
      this.#parts.return(node.number)
      reached('rejoined')
    })
  }

  /** A record decays of which somebody else has a good copy. */
  rot(node: SimNode, { key }: Decision): void {
    const { sim, nodes, rotted } = this.#parts
    if (node.disk.length === 0) return
    const order = sim.random.stream('rot', key).below(node.disk.length)
    const entry = node.disk.at(order)
    if (entry === null || entry.isRotten) return
    const { id } = entry.record
    const others = nodes().filter((it) => it !== node)
    if (!hasCopy(id, others)) return
    rotted.add(toHex(id))
    node.disk.rot(order)
  }

  /** A disk whose faults are over. What decayed on all disks of its group that had it, the group could not repair. */
  repair(node: SimNode, group: readonly SimNode[]): void {
    for (let order = 0; order < node.disk.length; order += 1) {
      const entry = node.disk.at(order)
      if (entry?.isRotten === true && !hasCopy(entry.record.id, group)) node.disk.unrot(order)
    }
    node.disk.isFull = false
    node.disk.slowness = 1
  }

  /** Keeps an image of a disk. */
  keepImage(node: SimNode): void {
    this.#images.set(node.number, node.disk.image())
  }

  /** Puts it back. */
  restore(node: SimNode): void {
    const image = this.#images.get(node.number)
    if (image === undefined || !node.isOn) return
    node.powerOff({ kind: 'lost' })
    node.isRestored = true
    node.disk.restore(image)
    this.#parts.reached('image-restored')
    this.#parts.reconnect(node.number, () => node.powerOn(true))
  }
}

function hasCopy(id: Uint8Array, nodes: readonly SimNode[]): boolean {
  return nodes.some(({ replica, disk }) => disk.at(replica?.history.find(id) ?? -1)?.isRotten === false)
}
