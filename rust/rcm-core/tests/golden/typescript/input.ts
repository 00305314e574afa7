import type { Logger } from './logger'
import { EventEmitter, once as onceEvent } from 'node:events'

/** Where a parcel is. */
export interface Parcel<T = unknown> extends Labelled {
  readonly id: string
  contents?: T
  weigh(unit: Unit): number
  (again: boolean): void
  new (id: string): Parcel
}

export type Unit = 'g' | 'kg'

/** State of the delivery. */
export enum State {
  Waiting,
  OnTheWay = 'on-the-way',
  Done = 3,
}

declare const enum Flag { A, B }

export const MAX_WEIGHT: number = 31_500
let counter = 0

export function sort(parcels: Parcel[]): Parcel[]
export function sort(parcels: Parcel[], unit: Unit): Parcel[]
/** Sorts by weight. */
export function sort(parcels: Parcel[], unit: Unit = 'g'): Parcel[] {
  return parcels.sort((a, b) => a.weigh(unit) - b.weigh(unit))
}

export abstract class Carrier<T extends Parcel> extends EventEmitter implements Named {
  protected abstract readonly name: string
  static instances = 0
  private handlers: Map<string, Handler> = new Map()

  constructor(private readonly logger: Logger) {
    super()
  }

  abstract deliver(parcel: T): Promise<State>

  /** Picks a parcel up. */
  public async collect(parcel: T): Promise<void>
  public async collect(parcel: T, urgent?: boolean): Promise<void> {
    this.logger.info(parcel.id)
    await onceEvent(this, 'ready')
  }

  get count(): number {
    return Carrier.instances
  }

  onReady = async (): Promise<void> => {
    this.emit('ready')
  }
}

@Injectable()
export class Bicycle extends Carrier<Parcel> {
  name = 'Fahrrad für Eilige'

  @Log('debug')
  async deliver(parcel: Parcel) {
    return State.Done
  }
}

export namespace Routes {
  export const origin = 'depot'
  export function plan(from: string): string[] {
    return [from]
  }
}

declare module 'carrier' {
  interface Named {
    name: string
  }
}

declare global {
  interface Window { carrier: Carrier<Parcel> }
}

export const größe = <T,>(value: T): number => String(value).length

export default class extends Bicycle {}

test('sorts', () => {
  expect(sort([])).toEqual([])
})
