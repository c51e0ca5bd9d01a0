import type { ClockSpread } from '../clocks/index.ts'
import type { Distribution } from '../kernel/index.ts'
import type { Bandwidth, LinkFaults, TopologySpec, Venue } from '../network/index.ts'

/** A world in plain data. Counts are over the whole phase of faults; times are whole microseconds. */
export interface WorldConfig {
  /** Places for all: founder, members, readers, adversaries and spare places for clones. */
  readonly topology: TopologySpec
  /** Local networks behind uplinks; default none. Uplinks that are down when the faults end open then. */
  readonly venues?: readonly Venue[]
  readonly latency: {
    /** Drawn once for each pair, and for each message. */
    readonly perPair: Distribution
    readonly jitter: Distribution
  }
  /** Empty: without limit. */
  readonly bandwidth: Bandwidth
  /** Empty: nothing is lost. Links are streams: what is lost comes late. */
  readonly linkFaults: LinkFaults
  readonly clocks: ClockSpread
  /** How long an fsync takes. */
  readonly fsyncUs: Distribution
  /** Small commits also travel from node to node as they are written. */
  readonly isGossiping: boolean
  /** Devices of members, the founder among them; the other honest places are readers with a replica without a key. */
  readonly members: number
  /** True: all members are admitted, and all nodes hold that, when it begins. False: they join while it runs. */
  readonly isPreloaded: boolean
  readonly phases: {
    /** How long faults happen. */
    readonly faultsUs: number
    /** Longest time from then on until the core agrees. */
    readonly convergeUsMax: number
  }
  readonly workload: {
    /** Entries of the catalogue, and edits of boards, in all. */
    readonly lists: number
    readonly edits: number
    readonly boards: number
    /** Files that members list, and their largest size; others fetch them. Default none. */
    readonly assets?: { readonly count: number; readonly bytesMax: number }
    /** When the last of them is written, at most `faultsUs`. */
    readonly untilUs: number
  }
  readonly faults: {
    /** Power cuts of a node, and how long it then stays off. */
    readonly powerCuts: number
    readonly offUs: Distribution
    /** Nodes that leave the network for a while and come back. */
    readonly absences: number
    readonly absentUs: Distribution
    /** Honest places that come and go all the time, by laws; default none. */
    readonly churn?: {
      readonly nodes: number
      readonly onlineUs: Distribution
      readonly offlineUs: Distribution
    }
    /** Cuts between two groups, and of one direction of one link. */
    readonly partitions: number
    readonly oneWayCuts: number
    readonly cutUs: Distribution
    /** When both ends notice that a direction is cut. */
    readonly noticeUs: number
    /** Records that decay on a disk, of which another node has a copy. */
    readonly rots: number
    /** Leaves of assets that decay on a disk; default none. */
    readonly assetRots?: number
    /** Times that a disk is full, or slow by so many times, and for how long. */
    readonly fullDisks: number
    readonly slowDisks: number
    readonly slowness: number
    readonly diskUs: Distribution
    /** Devices that get an older image of their disk. */
    readonly restores: number
    /** Faults that meet nodes as they come back from an absence or a partition, in the midst of catching up. */
    readonly troubledReturns?: number
    /** Devices of which a copy starts at a spare place beside them. */
    readonly clones: number
  }
  readonly adversaries: {
    /** Members that write two histories and show each to half of their peers. */
    readonly forkers: number
    /** Pairs of them that acknowledge each other's branches. */
    readonly colluders: number
    /** Members that say what is not so, that stall, and that send or ask far too much. */
    readonly liars: number
    readonly stallers: number
    readonly flooders: number
    /** True: liars, stallers and flooders go on after the faults, until the core agrees on what the others wrote. */
    readonly areLasting?: boolean
  }
}

/** What happens in a world: drawn from its config, or given, to leave some of it out. */
export interface Decision {
  /** Fixes what is drawn when it happens, whatever else is left out. */
  readonly key: number
  readonly atUs: number
  readonly what:
    | 'join'
    | 'list'
    | 'edit'
    | 'asset'
    | 'asset-rot'
    | 'power-cut'
    | 'absence'
    | 'partition'
    | 'one-way-cut'
    | 'rot'
    | 'full-disk'
    | 'slow-disk'
    | 'image'
    | 'restore'
    | 'clone'
    | 'fork'
  /** Place in the network; -1 where it is about none. */
  readonly node: number
  /** Another one, or -1. */
  readonly peer: number
  /** How long it lasts; 0 where it is over at once. */
  readonly forUs: number
}
