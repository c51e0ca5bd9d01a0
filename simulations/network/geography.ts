import { asin, cos, sin } from '../kernel/index.ts'
import type { RandomStream } from '../kernel/index.ts'

/** Mean radius of the earth in kilometres (IUGG; H. Moritz, *Geodetic Reference System 1980*). */
const EARTH_KM = 6_371.0088
/** Speed of light in vacuum, kilometres a second: exact by definition of the metre. */
const LIGHT_KM_PER_SECOND = 299_792.458

/**
 * How much longer a signal takes over fibre than light would along the great circle: 1.468 for the glass (group index
 * of standard single-mode fibre at 1,550 nm, Corning SMF-28 data sheet) times 1.5 for the detour (route factor of ITU-T
 * G.826 for distances below 1,000 km; beyond 1,200 km it is 1.25).
 */
export const FIBRE_FACTOR = 2.2

/** A place on earth in degrees: latitude -90 to 90, longitude -180 to 180. */
export interface Place {
  readonly latitude: number
  readonly longitude: number
}

/** Great-circle distance in kilometres, on a sphere: within 0.6 % of the ellipsoid. */
export function distanceKm(a: Place, b: Place): number {
  const [ax, ay, az] = onSphere(a)
  const [bx, by, bz] = onSphere(b)
  const [dx, dy, dz] = [ax - bx, ay - by, az - bz]
  const chord = Math.sqrt(dx * dx + dy * dy + dz * dz)
  return 2 * EARTH_KM * asin(Math.min(1, chord / 2))
}

/** One-way propagation delay between two places in whole microseconds, rounded. */
export function fibreDelayUs(a: Place, b: Place, fibreFactor: number): number {
  return Math.round((distanceKm(a, b) / LIGHT_KM_PER_SECOND) * fibreFactor * 1_000_000)
}

/** A place within `radiusKm` of the centre, evenly by area (on the plane: for radii up to about 2,000 km). */
export function placeAround(centre: Place, radiusKm: number, random: RandomStream): Place {
  const distance = radiusKm * Math.sqrt(random.unit())
  const angle = 2 * Math.PI * random.unit() - Math.PI
  const kmPerDegree = (EARTH_KM * Math.PI) / 180
  const north = (distance * sin(angle)) / kmPerDegree
  const latitude = Math.min(90, Math.max(-90, centre.latitude + north))
  // Near the poles a degree of longitude shrinks to nothing.
  const shrink = Math.max(0.01, cos((latitude * Math.PI) / 180))
  const east = (distance * cos(angle)) / (kmPerDegree * shrink)
  let longitude = centre.longitude + east
  if (longitude > 180) longitude -= 360
  if (longitude < -180) longitude += 360
  return { latitude, longitude }
}

function onSphere({ latitude, longitude }: Place): [number, number, number] {
  const north = (latitude * Math.PI) / 180
  const east = (longitude * Math.PI) / 180
  return [cos(north) * cos(east), cos(north) * sin(east), sin(north)]
}
