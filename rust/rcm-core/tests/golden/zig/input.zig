//! Ring buffer of fixed capacity, and a few things around it.
const std = @import("std");
const Allocator = std.mem.Allocator;
const testing = std.testing;

/// Bytes a page takes.
pub const page_size: usize = 4096;
var counter: u32 = 0;

/// What went wrong.
pub const Error = error{
    Full,
    Empty,
};

/// Where the next byte goes.
pub const Cursor = struct {
    /// Offset from the start.
    offset: usize = 0,
    wrapped: bool,

    pub const zero = Cursor{ .wrapped = false };

    /// Moves on by `n`.
    pub fn advance(self: *Cursor, n: usize) void {
        self.offset += n;
    }

    const Inner = packed struct {
        bits: u3,
    };
};

const Mode = enum(u8) {
    overwrite,
    refuse,

    fn isLossy(self: Mode) bool {
        return self == .overwrite;
    }
};

const Payload = union(enum) {
    byte: u8,
    slice: []const u8,
};

/// A ring of `T`.
pub fn Ring(comptime T: type) type {
    return struct {
        const Self = @This();
        items: []T,

        /// Makes an empty ring.
        pub fn init(allocator: Allocator, capacity: usize) !Self {
            return .{ .items = try allocator.alloc(T, capacity) };
        }

        pub fn deinit(self: *Self) void {
            _ = self;
        }
    };
}

extern fn write(fd: c_int, bytes: [*]const u8, count: usize) isize;

export fn checksum(data: [*]const u8, len: usize) u32 {
    return std.hash.crc.Crc32.hash(data[0..len]);
}

// Größe in Bytes, verdoppelt.
inline fn doubled(x: u32) u32 {
    return x * 2;
}

pub const Byte = u8;

comptime {
    _ = Cursor;
}

test "advance moves the cursor" {
    var cursor = Cursor.zero;
    cursor.advance(3);
    try testing.expectEqual(@as(usize, 3), cursor.offset);
}

test Cursor {
    _ = doubled(2);
}
