import FlyingFox
import Foundation

/// Answers requests: the page's own files, and its connection.
package struct PageHandler: HTTPHandler {
  private let gate: Gate
  private let site: Site
  private let connection: WebSocketHTTPHandler

  package init(_ site: Site, _ gate: Gate) {
    self.gate = gate
    self.site = site
    connection = WebSocketHTTPHandler(handler: MessageFrameWSHandler(handler: Live(site)))
  }

  /// Never throws what a request is to blame for.
  package func handleRequest(_ request: HTTPRequest) async throws -> HTTPResponse {
    if let refusal = gate.refusal(of: request) { return refusal }
    let name = String(request.target.path().dropFirst(gate.root.count))
    if name == "live" {
      guard gate.mayConnect(request) else {
        return Gate.refused(.forbidden, "this page answers no other program")
      }
      return try await connection.handleRequest(request)
    }
    guard let file = Self.files[name] else {
      return Gate.refused(.notFound, "there is no such file")
    }
    return HTTPResponse(
      statusCode: .ok,
      headers: [
        .contentType: file.type,
        HTTPHeader("Content-Security-Policy"): Self.policy(request.headers[.host] ?? ""),
        HTTPHeader("Cache-Control"): "no-store",
        HTTPHeader("Referrer-Policy"): "no-referrer",
        HTTPHeader("X-Content-Type-Options"): "nosniff",
        HTTPHeader("Cross-Origin-Opener-Policy"): "same-origin",
        HTTPHeader("Cross-Origin-Resource-Policy"): "same-origin",
      ], body: Data(file.bytes))
  }

  /// Nothing comes from elsewhere, and nothing goes there.
  private static func policy(_ host: String) -> String {
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; "
      + "connect-src ws://\(host); base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
  }

  private static let files: [String: (type: String, bytes: [UInt8])] = {
    var files = [
      "": ("text/html; charset=utf-8", PackageResources.page_html),
      "page.css": ("text/css; charset=utf-8", PackageResources.page_css),
    ]
    for (name, bytes) in scripts { files[name] = ("text/javascript; charset=utf-8", bytes) }
    return files
  }()

  private static let scripts = [
    "app.js": PackageResources.app_js,
    "bar.js": PackageResources.bar_js,
    "connection.js": PackageResources.connection_js,
    "controls.js": PackageResources.controls_js,
    "drawing.js": PackageResources.drawing_js,
    "figures.js": PackageResources.figures_js,
    "files.js": PackageResources.files_js,
    "folder.js": PackageResources.folder_js,
    "history.js": PackageResources.history_js,
    "page.js": PackageResources.page_js,
    "pixels.js": PackageResources.pixels_js,
    "renderings.js": PackageResources.renderings_js,
    "steps.js": PackageResources.steps_js,
    "views.js": PackageResources.views_js,
  ]
}

/// The connections of open pages.
private struct Live: WSMessageHandler {
  private let site: Site

  init(_ site: Site) { self.site = site }

  func makeMessages(for client: AsyncStream<WSMessage>) async throws -> AsyncStream<WSMessage> {
    let site = site
    return AsyncStream { answers in
      guard let visitor = site.enter() else {
        answers.yield(.close(WSCloseCode(1013, reason: "too many pages are open")))
        return answers.finish()
      }
      let visit = Visit(site, visitor: visitor) { answers.yield($0) }
      let task = Task {
        for await message in client {
          if case .close = message { break }
          guard visit.take(message) else {
            answers.yield(.close(WSCloseCode(1008, reason: "not a request")))
            break
          }
        }
        visit.end()
        site.leave()
        answers.finish()
      }
      answers.onTermination = { _ in task.cancel() }
    }
  }
}
