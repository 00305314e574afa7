'use strict';

import { open } from 'node:fs/promises';
import merge, { clone } from './merge.js';
const path = require('path');

/** How many tins fit on a shelf. */
export const SHELF_SIZE = 12;

let opened = 0;
var legacy = { version: 1 };

/**
 * A tin of tea.
 */
export class Tin extends Container {
  #weight = 0;
  static count = 0;
  onOpen = () => {
    opened += 1;
  };

  constructor(label) {
    super(label);
    Tin.count += 1;
  }

  // Grams left.
  get weight() {
    return this.#weight;
  }

  async pour(cup, { grams = 3 } = {}) {
    await cup.fill(grams);
    return new Brew(this, grams);
  }

  #seal() {}

  static fromJSON({ label }) {
    return new Tin(label);
  }
}

/** Brews for `minutes`. */
export function brew(tin, minutes) {
  function steep() {
    return tin.pour(minutes);
  }
  const cool = (cup) => cup.wait();
  return cool(steep());
}

export default function* leaves(tin) {
  yield tin;
}

// Grüner Tee braucht weniger.
export const grünerTee = async (tin) => brew(tin, 2);

const store = {
  name: 'store',
  add(tin) {
    this.tins.push(tin);
  },
  remove: function (tin) {
    return tin;
  },
  find: (label) => label,
};

function Kettle(volume) {
  this.volume = volume;
}

/**
 * Boils the water.
 */
Kettle.prototype.boil = function boil() {
  return this.volume * path.sep.length;
};

exports.describe = function (tin) {
  return String(tin);
};

module.exports.Cup = class {
  fill() {}
};

const Pot = class extends Tin {};

describe('Tin', () => {
  it('counts', () => {
    expect(Tin.count).toBe(0);
  });
});

export { open as openTin, clone };
const { a, b } = merge(legacy, store);
