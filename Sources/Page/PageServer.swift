import FlyingFox
import FlyingSocks
import Foundation
import LatticeSupport

/// Serves a page until it is stopped.
package struct PageServer: Sendable {
  private let server: HTTPServer
  /// The page's address.
  package let address: String
  /// Who may ask.
  package let gate: Gate

  /// Binds a socket.
  ///
  /// - Parameters:
  ///   - site: what is shown.
  ///   - host: an address of this machine: 127.0.0.1 for itself alone.
  ///   - port: 0 for any that is free.
  ///   - token: what addresses begin with.
  /// - Throws: `InputError` where the address is none, or the port is somebody else's.
  package init(_ site: Site, host: String, port: UInt16, token: String) throws {
    let port = try Self.freePort(host, port)
    let gate = Gate(token: token, host: host, port: port)
    let handler = PageHandler(site, gate)
    self.gate = gate
    address =
      "http://\(host.contains(":") ? "[\(host)]" : host):\(port)/\(token)/"
    // A page stays open for days; answers come as long as it does.
    if host.contains(":") {
      server = HTTPServer(
        address: try Self.naming(host) { try sockaddr_in6.inet6(ip6: host, port: port) },
        logger: .disabled, handler: handler)
    } else {
      server = HTTPServer(
        address: try Self.naming(host) { try sockaddr_in.inet(ip4: host, port: port) },
        logger: .disabled, handler: handler)
    }
  }

  /// Serves until the task is cancelled.
  ///
  /// - Throws: `InputError` where the port cannot be had.
  package func run() async throws {
    do {
      try await server.run()
    } catch {
      // A socket may find itself closed before its task finds itself cancelled.
      guard !Task.isCancelled else { return }
      throw InputError(
        .io, at: address, "cannot be served: \(error.localizedDescription)",
        remedy: "choose another port")
    }
  }

  /// Waits until requests are taken, however busy the machine is; `run` says what prevents it.
  package func waitUntilListening() async throws {
    try await server.waitUntilListening(timeout: Self.patience)
  }

  /// A day, in seconds.
  private static let patience = 86_400.0

  private static func naming<Result>(
    _ host: String, _ body: () throws -> Result
  ) throws -> Result {
    do {
      return try body()
    } catch {
      throw InputError(
        .usage, at: host, "is not the address of a network interface",
        remedy: "127.0.0.1 for this machine alone, 0.0.0.0 for all that can reach it")
    }
  }

  /// A port of that address which nobody has now.
  private static func freePort(_ host: String, _ port: UInt16) throws -> UInt16 {
    guard port == 0 else { return port }
    let isLong = host.contains(":")
    let socket = try Socket(domain: isLong ? AF_INET6 : AF_INET)
    defer { try? socket.close() }
    if isLong {
      try socket.bind(to: naming(host) { try sockaddr_in6.inet6(ip6: host, port: 0) })
    } else {
      try socket.bind(to: naming(host) { try sockaddr_in.inet(ip4: host, port: 0) })
    }
    switch try socket.sockname() {
    case .ip4(_, let port), .ip6(_, let port): return port
    case .unix: preconditionFailure("a socket of the internet without a port")
    }
  }
}
