import FlyingFox
import Foundation
import Testing

import Page

/// Who is answered, and who is not.
struct GateTests {
  private static let token = "0123456789abcdef"
  private static let host = "127.0.0.1:8000"

  private func status(
    _ path: String = "/\(token)/", method: HTTPMethod = .GET, host: String = host,
    boundTo address: String = "127.0.0.1", headers: [HTTPHeader: String] = [:], body: Data = Data()
  ) async throws -> Int {
    let site = Site(PageSample.settings([PageSample.painted()]))
    defer { site.end() }
    let handler = PageHandler(site, Gate(token: Self.token, host: address, port: 8000))
    let request = HTTPRequest(
      method: method, version: .http11, path: path, query: [],
      headers: [.host: host].merging(headers) { $1 }, body: body)
    return try await handler.handleRequest(request).statusCode.code
  }

  @Test func thePageAndItsFilesAreServed() async throws {
    for name in ["", "page.js", "page.css", "drawing.js", "controls.js"] {
      #expect(try await status("/\(Self.token)/\(name)") == 200, "\(name)")
    }
    #expect(try await status("/\(Self.token)/passwd") == 404)
    #expect(try await status("/\(Self.token)/../etc/passwd") != 200)
  }

  @Test func withoutTheTokenNothingIs() async throws {
    for path in [
      "/", "/page.js", "/0123456789abcdeF/", "/0123456789abcde/", "/\(Self.token)",
      "//\(Self.token)/",
    ] {
      #expect(try await status(path) == 403, "\(path)")
    }
  }

  @Test func onlyTheOwnNameIsAnswered() async throws {
    for host in ["localhost:8000", "LOCALHOST:8000", "127.0.0.1:8000", "[::1]:8000"] {
      #expect(try await status(host: host) == 200, "\(host)")
    }
    for host in [
      "evil.example:8000", "127.0.0.1:8001", "127.0.0.1", "127.0.0.1.evil.example:8000",
      "192.168.1.2:8000", "",
    ] {
      #expect(try await status(host: host) == 421, "\(host)")
    }
    #expect(try await status(host: "192.168.1.2:8000", boundTo: "0.0.0.0") == 200)
    #expect(try await status(host: "evil.example:8000", boundTo: "0.0.0.0") == 421)
    #expect(try await status(host: "10.0.0.5:8000", boundTo: "10.0.0.5") == 200)
    #expect(try await status(host: "localhost:8000", boundTo: "10.0.0.5") == 421)
  }

  @Test func otherSitesAreNotAnswered() async throws {
    let origin = HTTPHeader("Origin")
    #expect(try await status(headers: [origin: "http://127.0.0.1:8000"]) == 200)
    for other in ["http://evil.example", "http://127.0.0.1:9000", "https://127.0.0.1:8000", "null"]
    {
      #expect(try await status(headers: [origin: other]) == 403, "\(other)")
    }
    let site = HTTPHeader("Sec-Fetch-Site")
    #expect(try await status(headers: [site: "none"]) == 200)
    #expect(try await status(headers: [site: "cross-site"]) == 403)
    #expect(try await status(headers: [site: "same-site"]) == 403)
  }

  @Test func aConnectionNeedsTheOrigin() async throws {
    let live = "/\(Self.token)/live"
    let upgrade: [HTTPHeader: String] = [
      .upgrade: "websocket", .connection: "Upgrade", .webSocketVersion: "13",
      .webSocketKey: "dGhlIHNhbXBsZSBub25jZQ==",
    ]
    let origin = HTTPHeader("Origin")
    #expect(try await status(live, headers: upgrade) == 403)
    let own = upgrade.merging([origin: "http://\(Self.host)"]) { $1 }
    #expect(try await status(live, headers: own) == 101)
    let other = upgrade.merging([origin: "http://evil.example"]) { $1 }
    #expect(try await status(live, headers: other) == 403)
  }

  @Test func requestsBringNothing() async throws {
    #expect(try await status(method: .POST) == 405)
    #expect(try await status(headers: [.contentLength: "1"], body: Data([1])) == 413)
    #expect(try await status(headers: [.contentLength: "99999999999999999999"]) == 413)
    #expect(try await status(headers: [.transferEncoding: "chunked"]) == 413)
  }

  @Test func tokensAreLongAndDiffer() {
    let tokens = Set((0..<100).map { _ in Gate.makeToken() })
    #expect(tokens.count == 100)
    #expect(tokens.allSatisfy { $0.count == 32 && Gate.isToken($0) })
    #expect(
      !Gate.isToken("short") && !Gate.isToken("0123456789abcde/")
        && Gate.isToken("0123456789abcde-"))
  }

  @Test(.timeLimit(.minutes(10))) func thePageIsServedToWhoKnowsTheToken() async throws {
    let site = Site(PageSample.settings([PageSample.painted()]))
    defer { site.end() }
    let server = try PageServer(site, host: "127.0.0.1", port: 0, token: Gate.makeToken())
    let task = Task { try await server.run() }
    try await server.waitUntilListening()
    #expect(server.address.wholeMatch(of: /http:\/\/127\.0\.0\.1:\d+\/[0-9a-f]{32}\//) != nil)
    task.cancel()
    try await task.value
  }
}
