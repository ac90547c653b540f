import Evaluation
import enum FlyingFox.WSMessage
import Foundation
import LatticeSupport
import Pipeline
import Synchronization
import Unaries

/// The connection of one open page: what it asks for, and the answers.
///
/// Each request is one JSON object with the members `want` and `number`; each answer bears the
/// number of its request. Of renderings of a slot the latest alone is made; others are answered
/// with `dropped`. When the page goes, so does all of its work.
package final class Visit: Sendable {
  private let site: Site
  private let visitor: Int
  private let send: @Sendable (WSMessage) -> Void
  private let state = Mutex(State())

  private struct State {
    /// What was shown last in each slot, for questions about pixels.
    var shown: [Int: Shown] = [:]
    var folder: FolderRun?
    var isEnded = false
  }

  private struct Shown {
    let image: OpenImage
    let rendering: Rendering
  }

  /// As many settings stand side by side.
  package static let slotCount = 4
  /// Of each CRF over a smaller scene, unless the page asks for a number of them: most marginals
  /// have settled by then.
  private static let updatesAtOnce = 5
  /// More than any plan takes.
  private static let longestMessage = 1 << 20

  /// - Parameter send: takes the answers, on any thread.
  package init(_ site: Site, visitor: Int, send: @escaping @Sendable (WSMessage) -> Void) {
    self.site = site
    self.visitor = visitor
    self.send = send
  }

  /// Drops all work; nothing is sent from now on.
  package func end() {
    let folder = state.withLock { state -> FolderRun? in
      guard !state.isEnded else { return nil }
      state.isEnded = true
      state.shown = [:]
      defer { state.folder = nil }
      return state.folder
    }
    folder?.cancel()
    let visitor = visitor
    site.worker.cancel { $0.visitor == visitor }
  }

  /// - Returns: whether the page may go on; one that sends what no page sends may not.
  package func take(_ message: WSMessage) -> Bool {
    guard case .text(let text) = message, text.utf8.count <= Self.longestMessage else {
      return false
    }
    guard let request = try? JSONValue(parsing: text), let want = request["want"]?.text else {
      return false
    }
    do {
      try answer(want, request)
    } catch {
      answer(error, to: request)
    }
    return true
  }

  private func answer(_ error: any Error, to request: JSONValue) {
    reply(Reply(to: request["number"], ["error": .text("\(error)")]))
  }

  private func reply(_ reply: Reply) {
    guard !state.withLock({ $0.isEnded }) else { return }
    send(reply.message)
  }

  private func answer(_ want: String, _ request: JSONValue) throws {
    switch want {
    case "describe": reply(Reply(to: request["number"], ["site": site.description]))
    case "image": try work(on: "image", request) { try $0.image(request) }
    case "render": try render(request)
    case "point": try point(request)
    case "listen": try work(on: "listen", request) { try $0.listen(request) }
    case "texts": try texts(request)
    case "save": try save(request)
    case "folder": try startFolder(request)
    case "stop": stopFolder()
    case "close": try close(request)
    default: throw Self.ill(request, "want")
    }
  }

  /// Lets the worker answer.
  private func work(
    on lane: String, _ request: JSONValue, _ body: @escaping @Sendable (Visit) throws -> Reply
  ) throws {
    site.worker.add(
      Worker.Lane(visitor: visitor, name: lane),
      drop: { [self] in reply(Reply(to: request["number"], ["dropped": .flag(true)])) },
      work: { [self] in
        do {
          reply(try body(self))
        } catch let error as CallCancelled {
          throw error
        } catch {
          answer(error, to: request)
        }
      })
  }

  // MARK: Pictures

  private func image(_ request: JSONValue) throws -> Reply {
    let image = try site.store.image(try Self.count(request, "image"))
    var reply = Reply(
      to: request["number"],
      [
        "image": request["image"], "width": .number(image.scene.grid.width),
        "height": .number(image.scene.grid.height),
        "labels": .number(image.energies.labelCount),
        "figures": image.truth?.counts.json,
      ])
    reply.add("rgb", Self.colors(of: image.scene))
    reply.add("before", LabelRuns.bytes(of: image.before.labels))
    if let truth = image.truth { reply.add("truth", LabelRuns.bytes(of: truth.labels.labels)) }
    return reply
  }

  /// Three bytes for each pixel; gray where there are fewer channels, black without an image. What
  /// is not in bytes is spread over them.
  private static func colors(of scene: Scene) -> [UInt8] {
    guard let image = scene.image else { return [UInt8](repeating: 0, count: 3 * scene.grid.count) }
    let byte: (Int) -> UInt8
    switch image.pixels {
    case .bytes(let values): byte = { values[$0] }
    case .floats(let values):
      let (low, high) = (values.min() ?? 0, values.max() ?? 0)
      let scale = high > low ? 255 / (high - low) : 0
      byte = { UInt8(max(0, min(255, (values[$0] - low) * scale))) }
    }
    let channels = image.channels
    return [UInt8](unsafeUninitializedCapacity: 3 * scene.grid.count) { output, count in
      for point in 0..<scene.grid.count {
        for part in 0..<3 {
          output[3 * point + part] = byte(point * channels + (channels >= 3 ? part : 0))
        }
      }
      count = 3 * scene.grid.count
    }
  }

  private func render(_ request: JSONValue) throws {
    let slot = try Self.count(request, "slot", below: Self.slotCount)
    let index = try Self.count(request, "image")
    let factor = try Self.count(request, "factor", below: 9)
    guard factor >= 1 else { throw Self.ill(request, "factor") }
    let plan: Plan
    do {
      plan = try site.plan(request["plan"])
    } catch {
      // Nobody waits for what was asked for before.
      cancel(slot)
      throw error
    }
    let update = try request["update"].map { _ in try Self.count(request, "update") }
    let belief = try request["belief"].map { _ in try Self.count(request, "belief") }
    try work(on: "slot \(slot)", request) { visit in
      let image = try visit.site.store.image(index)
      let made =
        update.flatMap { plan.upTo(update: $0) }
        ?? (factor > 1 ? plan.limitingUpdates(to: Self.updatesAtOnce) : plan)
      let rendering = try Rendering(
        made, of: image, factor: factor, context: visit.site.context,
        parallelism: visit.site.settings.parallelism)
      visit.state.withLock { state in
        if !state.isEnded { state.shown[slot] = Shown(image: image, rendering: rendering) }
      }
      var reply = Reply(
        to: request["number"],
        [
          "slot": .number(slot), "image": .number(index), "factor": .number(factor),
          "seconds": .number(rendering.seconds),
          "changed": .number(rendering.labels.count(unlike: image.before)),
          "figures": rendering.counts?.json,
        ])
      reply.add("labels", LabelRuns.bytes(of: rendering.labels.labels))
      if let belief, belief < image.energies.labelCount {
        reply.add("belief", rendering.belief(of: belief, over: image.scene.grid))
      }
      return reply
    }
  }

  private func close(_ request: JSONValue) throws {
    let slot = try Self.count(request, "slot", below: Self.slotCount)
    cancel(slot)
    state.withLock { $0.shown[slot] = nil }
  }

  private func cancel(_ slot: Int) {
    let lane = Worker.Lane(visitor: visitor, name: "slot \(slot)")
    site.worker.cancel { $0 == lane }
  }

  // MARK: Pixels

  private func point(_ request: JSONValue) throws {
    let slot = try Self.count(request, "slot", below: Self.slotCount)
    guard let shown = state.withLock({ $0.shown[slot] }) else {
      return reply(Reply(to: request["number"], ["slot": .number(slot)]))
    }
    let grid = shown.image.scene.grid
    let x = try Self.count(request, "x", below: grid.width)
    let y = try Self.count(request, "y", below: grid.height)
    let point = y * grid.width + x
    let energies = shown.image.energies
    reply(
      Reply(
        to: request["number"],
        [
          "slot": .number(slot), "x": .number(x), "y": .number(y),
          "label": .number(Int(shown.rendering.labels.labels[point])),
          "before": .number(Int(shown.image.before.labels[point])),
          "truth": shown.image.truth.map { .number(Int($0.labels.labels[point])) },
          "probabilities": .list(
            shown.rendering.probabilities(x: x, y: y).map { $0.isFinite ? .number($0) : .null }),
          "energies": .list((0..<energies.labelCount).map { .number(energies.values[point, $0]) }),
        ]))
  }

  private func listen(_ request: JSONValue) throws -> Reply {
    let image = try site.store.image(try Self.count(request, "image"))
    let plan = try site.plan(request["plan"])
    let grid = image.scene.grid
    let x = try Self.count(request, "x", below: grid.width)
    let y = try Self.count(request, "y", below: grid.height)
    return try Listening(
      plan, at: y * grid.width + x, of: image, context: site.context,
      parallelism: site.settings.parallelism
    ).reply(to: request["number"])
  }

  // MARK: Texts

  private func texts(_ request: JSONValue) throws {
    let index = try Self.count(request, "image", below: site.settings.images.count)
    let plan = try site.plan(request["plan"])
    let preset = site.preset(plan, named: request["name"]?.text)
    let calls = site.settings.calls
    reply(
      Reply(
        to: request["number"],
        [
          "plan": plan.json, "preset": .text(preset.text()),
          "command": .text(calls.command(plan, preset: preset)),
          "python": .text(calls.python(site.settings.images[index], preset: preset)),
        ]))
  }

  private func save(_ request: JSONValue) throws {
    let path = try site.save(try site.plan(request["plan"]), as: request["name"]?.text ?? "")
    reply(Reply(to: request["number"], ["saved": .text(path)]))
  }

  // MARK: The folder

  private func startFolder(_ request: JSONValue) throws {
    let plan = try site.plan(request["plan"])
    stopFolder()
    let run = FolderRun(plan, of: site) { [self] members in
      reply(Reply(to: request["number"], members))
    }
    let isEnded = state.withLock { state in
      if !state.isEnded { state.folder = run }
      return state.isEnded
    }
    if !isEnded { run.start() }
  }

  private func stopFolder() {
    let run = state.withLock { state in
      defer { state.folder = nil }
      return state.folder
    }
    run?.cancel()
  }

  // MARK: Numbers

  private static func count(
    _ request: JSONValue, _ key: String, below limit: Int = 1 << 30
  ) throws -> Int {
    guard let number = request[key]?.number, let count = Int(exactly: number),
      (0..<limit).contains(count)
    else { throw ill(request, key) }
    return count
  }

  private static func ill(_ request: JSONValue, _ key: String) -> InputError {
    InputError(
      .usage, "'\(key)' is \(request[key] ?? .null), which it cannot be",
      remedy: "load the page anew")
  }
}
