import Foundation

/// A point in time of a train's journey.
public struct Stop: Codable, Equatable {
    /// Name of the station, as printed on the sign.
    public let station: String
    var delay: TimeInterval = 0
    static let shared = Stop(station: "Küstrin")

    /// How late the train is, in whole minutes.
    public var minutesLate: Int {
        Int(delay / 60)
    }

    public init(station: String) {
        self.station = station
    }

    mutating func postpone(by seconds: TimeInterval) {
        delay += seconds
    }
}

/// What a timetable can be asked.
public protocol Timetable: AnyObject {
    associatedtype Line
    var title: String { get }
    func next(after date: Date) -> Stop?
    init(title: String)
}

/// Why a connection could not be made.
enum ConnectionError: Error {
    case missed(Stop)
    case cancelled, diverted
    indirect case wrapped(ConnectionError)

    var isFinal: Bool { true }
}

public typealias Handler = (Stop) -> Void

/// Keeps stops in order of arrival.
@available(iOS 13, macOS 10.15, *)
public final class Route<Element>: NSObject {
    private var stops: [Stop] = []
    weak var délégué: AnyObject?

    public override init() {
        super.init()
    }

    deinit {
        stops.removeAll()
    }

    /// Adds a stop at the end.
    ///
    /// - Parameter stop: the stop to add
    @discardableResult
    public func append(_ stop: Stop) -> Self {
        stops.append(stop)
        return self
    }

    public subscript(index: Int) -> Stop {
        return stops[index]
    }

    struct Iterator {
        var position = 0
        func peek() -> Stop? { nil }
    }

    static func == (left: Route, right: Route) -> Bool {
        left.stops == right.stops
    }
}

extension Route where Element == Int {
    func total() -> Int { 0 }
}

extension Stop: CustomStringConvertible {
    public var description: String { station }
}

actor Dispatcher {
    func send(_ stop: Stop) async throws {
        let route = Route<Int>()
        route.append(stop)
        log(stop.description)
    }
}

let defaultDelay = 5.0
fileprivate func log(_ text: String) {
    print(text)
}
