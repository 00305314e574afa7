--- Finds files and shows them in a list.
local fs = require "finder.fs"
local log = require("finder.log")
local insert = table.insert

local M = {}
M.defaults = {
  width = 80,
  on_open = function(path)
    log.info(path)
  end,
}
M.version = "1.0"

local MAX_DEPTH = 12

-- Walks a directory.
---@param root string
local function walk(root, depth)
  local function visit(entry)
    insert(M.found, entry)
  end
  for entry in fs.dir(root) do
    visit(entry)
  end
end

--- Opens the finder.
function M.open(opts)
  opts = vim.tbl_extend("force", M.defaults, opts or {})
  walk(opts.root, 0)
  return M.Picker:new(opts):find()
end

M.close = function()
  M.picker:close()
end

local Picker = setmetatable({}, { __index = M })
Picker.__index = Picker

--- Makes a picker.
function Picker:new(opts)
  return setmetatable({ opts = opts }, self)
end

function Picker.prompt.show(text)
  print(text)
end

local sort = function(a, b)
  return a.score > b.score
end

function größe(list)
  return #list
end

-- Größe in Bytes
function M.size(path) return fs.stat(path).size end

global_handler = function(event)
  M.open { root = event.path }
end

local actions = {
  select = function(picker)
    picker:close()
  end,
  ["move down"] = function() end,
}

describe("finder", function()
  it("opens", function()
    assert.is_not_nil(M.open {})
  end)
end)

return M
