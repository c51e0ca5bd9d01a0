import type { ClockSpread } from '../clocks/index.ts'
import type { Distribution } from '../kernel/index.ts'
import type { Bandwidth, LinkFaults, TopologySpec, Venue } from '../network/index.ts'
import type { TradeConfig } from './trade-config.ts'

/** What a proposal asks for; of whom, its decision says. */
export type ChangeWord =
  | ('remove' | 'demote' | 'steward' | 'role' | 'rules')
  | ('slots' | 'close' | 'lift' | 'floor' | 'adopt' | 'replace')

/** An act that a world has whatever is drawn. People by number: members from 0 on, the founder first, forkers, joiners. */
export interface ScriptedAct {
  readonly what: 'partition' | 'absence' | 'list' | 'fork' | 'join' | AssemblyAct
  readonly atUs: number
  readonly forUs: number
  /** Who does it, and to whom; -1: nobody. */
  readonly by: number
  readonly of: number
  readonly change: ChangeWord | null
  /** As of `Decision`. */
  readonly yes: readonly number[] | null
  readonly groups: readonly (readonly number[])[] | null
  /** How often, and how far apart. */
  readonly times: number
  readonly everyUs: number
}

/** Kinds of decisions that only worlds with stewards have. */
export type AssemblyAct = 'propose' | 'suspend' | 'leave' | 'recover' | 'lose'

/** Who decides in a world, and what people do about it. Left out, the founder decides alone and nobody asks for anything. */
export interface AuthorityConfig {
  /** Stewards when it begins, with their rules: `doubleSigners` of the forkers, and members, the founder first. */
  readonly stewards: number
  readonly quorum: 'two-thirds' | 'majority'
  readonly recovery: 'member-quorum' | 'kits'
  /** Forkers who are stewards: their two sides keep the ballot each as it sees it. */
  readonly doubleSigners: number
  /** Members among the stewards, the last first, who leave the network with their first signature and bring it much later. */
  readonly withholders?: number
  /** Members, the founder first, whose devices may admit others. */
  readonly admitters: number
  /** Places of people who are admitted while it runs, by any of these devices. */
  readonly joiners: number
  /** Drawn acts: proposals of all kinds, suspensions, leaves, and voices for a recovery. */
  readonly proposals: number
  readonly suspensions: number
  readonly leaves: number
  readonly recoveries: number
  /** Share of the proposals that a steward approves of; nobody does of what is against himself. */
  readonly approval: number
  /** How long a steward thinks about a proposal. */
  readonly considerUs: Distribution
  /** How often a keeper of seals looks although nothing happened. */
  readonly lookEveryUs: number
  /** Longest time from the end of the faults until all who are left tell of one line; null: as for all else. */
  readonly lineUsMax: number | null
  readonly script: readonly ScriptedAct[]
}

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
  /** Default: nobody decides anything. With it all members are admitted when it begins. */
  readonly authority?: AuthorityConfig
  /** Default: nobody sells anything. */
  readonly trade?: TradeConfig
  readonly phases: {
    /** How long faults happen. */
    readonly faultsUs: number
    /** Longest time from then on until the core agrees. */
    readonly convergeUsMax: number
    /** True: all that can are in the core. */
    readonly isWhole?: boolean
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
    | 'customer'
    | 'cheat'
    | AssemblyAct
  /** Place in the network; -1 where it is about none. */
  readonly node: number
  /** Another one, or -1. */
  readonly peer: number
  /** How long it lasts; 0 where it is over at once. */
  readonly forUs: number
  /** What a proposal asks for. */
  readonly change?: ChangeWord
  /** Places: of the stewards who approve (default: drawn), or whose kits speak for a recovery (default: its own). */
  readonly yes?: readonly number[]
  /**
   * Groups that a partition cuts from each other, the rest being one more; `node`, if any, stays in touch with all. Of a
   * fork: the second group sees the second history. Default: drawn.
   */
  readonly groups?: readonly (readonly number[])[]
}
