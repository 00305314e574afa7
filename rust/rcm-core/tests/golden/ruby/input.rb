# frozen_string_literal: true

require "json"
require_relative "bread/oven"

# Everything about bread.
module Bakery
  VERSION = "1.2.0"
  Price = Struct.new(:amount, :currency)

  class Error < StandardError; end
  BurntError = Class.new(Error)

  # A loaf.
  #
  # Weighs about a kilogram.
  class Loaf < Product
    include Comparable
    extend Forwardable
    attr_reader :weight, :flour

    KINDS = %i[rye wheat].freeze

    scope :fresh, -> { where(old: false) }

    # Makes a loaf.
    def initialize(weight, flour: :rye)
      @weight = weight
      @flour = flour
    end

    def <=>(other)
      weight <=> other.weight
    end

    def fresh?
      !@old
    end

    def weight=(grams)
      @weight = Integer(grams)
    end

    alias_method :size, :weight
    alias mass weight

    class << self
      # Bakes a loaf from +recipe+.
      def bake(recipe)
        Oven.new.heat { |oven| oven.bake(recipe) }
      end
    end

    def self.parse(text) = new(JSON.parse(text).fetch("weight"))

    define_method(:slice) do |count|
      count.times.map { Slice.new(self) }
    end

    class Slice
      def initialize(loaf) = @loaf = loaf
    end

    private

    def größe
      Bakery::Scale.measure(self)
    end
  end

  module_function

  def open?
    Time.now.hour < 18
  end
end

class Bakery::Shop
  DAYS = [1, 2].each do |d|
    puts d
  end
end

def main
  puts Bakery::Loaf.bake(:rye)
end

RSpec.describe Bakery::Loaf do
  describe "#slice" do
    it "cuts" do
      expect(described_class.new(1).slice(3).size).to eq(3)
    end
  end
end

class LoafTest < Minitest::Test
  test "weighs" do
    assert_equal 1, Bakery::Loaf.new(1).weight
  end
end
