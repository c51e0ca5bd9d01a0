/** Doors of an event in a world that trades in its tickets: seats are the unit that is sold, customers are visitors. */
export interface DoorConfig {
  /** People that the hall holds; null: no zone, nobody leaves. */
  readonly room: number | null
  /** Any gate admits; else whoever holds the ticket's bucket. */
  readonly isOpen: boolean
  /** Open admissions of a gate that the others have not heard of. */
  readonly exposure: number
  /** Share of visitors who show a ticket that somebody else may have shown, 0 to 1. */
  readonly clones: number
  /** Share of visitors who come to the gate that is printed on their ticket, 0 to 1. */
  readonly atHome: number
  /** How long somebody stays at most. */
  readonly stayUs: number
  /** A gate that the organiser has not reached for so long is said to be lost; null: never. */
  readonly lostAfterUs: number | null
}
