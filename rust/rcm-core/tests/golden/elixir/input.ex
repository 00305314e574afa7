defmodule Harbour.Berth do
  @moduledoc """
  A berth: the place where one ship lies.
  """

  use GenServer
  alias Harbour.{Ship, Tide}
  import Ecto.Query, only: [from: 2]

  @type depth :: non_neg_integer()
  @typep state :: %{ship: Ship.t() | nil}

  @default_depth 12

  defstruct name: nil, depth: @default_depth, ship: nil

  @doc """
  Starts the berth.
  """
  @spec start_link(keyword()) :: GenServer.on_start()
  def start_link(opts \\ []) do
    GenServer.start_link(__MODULE__, opts, name: __MODULE__)
  end

  @impl true
  def init(opts), do: {:ok, Map.new(opts)}

  @doc "Moors a ship; fails when the tide is low."
  def moor(berth, ship)

  def moor(%__MODULE__{depth: d}, %Ship{draught: t}) when t > d do
    {:error, :too_deep}
  end

  def moor(berth, ship) do
    if Tide.high?(), do: {:ok, put_ship(berth, ship)}, else: :wait
  end

  # Größe des Schiffs zählt nicht.
  defp put_ship(berth, ship), do: %{berth | ship: ship}

  defp normalise(name) when is_binary(name), do: String.trim(name)
  defp normalise(name), do: to_string(name)

  @doc false
  defmacro with_berth(name, do: block) do
    quote do
      unquote(block)
      unquote(name)
    end
  end

  defguard is_free(berth) when is_nil(berth.ship)
  defdelegate height(tide), to: Tide

  defmodule Full do
    defexception [:message, code: 42]

    def exception(_), do: %__MODULE__{message: "full"}
  end

  def left ~> right, do: {left, right}
  def ready?, do: true

  @callback tick(state) :: state
end

defprotocol Harbour.Sized do
  @doc "Length in metres."
  def length(thing)
end

defimpl Harbour.Sized, for: Harbour.Berth do
  def length(berth), do: berth.depth
end

defmodule Harbour.BerthTest do
  use ExUnit.Case

  describe "moor/2" do
    test "refuses deep ships", %{berth: berth} do
      assert {:error, :too_deep} = Harbour.Berth.moor(berth, %Ship{draught: 99})
    end
  end
end
