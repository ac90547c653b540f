import enum FlyingFox.WSMessage
import Formats
import Foundation
import LatticeSupport
import Pipeline
import Synchronization
import Testing
import Unaries

import Page

/// Sites over the repository's sample, and small painted ones.
enum PageSample {
  private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()
    .appendingPathComponent("Examples/sample").path

  static let plan = Plan(CRFModelOfTests.model)
  static let parallelism = Parallelism(threads: 2)

  /// The sample's only image.
  static func image(_ name: String = "logits") -> PageImage {
    PageImage(
      name: name, ScoreFiles(scores: "\(folder)/logits.npy", image: "\(folder)/image.png"),
      truth: "\(folder)/ground-truth.png", reading: ScoreReading(), truthReading: LabelReading())
  }

  /// 5 × 3 pixels of two labels, without a truth; what is in the left columns is dark.
  static func painted(_ name: String = "painted") -> PageImage {
    PageImage(name: name) { _ in
      let grid = GridShape(width: 5, height: 3)
      let rgb = (0..<15).flatMap { [UInt8](repeating: $0 % 5 < 2 ? 20 : 200, count: 3) }
      let planes = (0..<30).map { Float(($0 * 7) % 11) / 3 }
      return PageImage.Sample(
        scene: Scene(try Image(width: 5, height: 3, rgb: rgb)),
        energies: try EnergyField(grid: grid, labelCount: 2, planes: planes), truth: nil)
    }
  }

  /// One whose file is broken.
  static func broken(_ name: String = "broken") -> PageImage {
    PageImage(name: name) { _ in throw InputError(.data, at: "broken.npy", "is cut off") }
  }

  static func settings(_ images: [PageImage], plan: Plan = plan) -> SiteSettings {
    SiteSettings(
      images: images, plan: plan, judging: Judging(ignoring: 255, trimapWidth: 4), palette: .voc,
      calls: CallTexts(inputs: ["--unary", "my scores", "--image", "images"], scoreKind: "logits"),
      parallelism: parallelism)
  }
}

/// An open page, without a browser.
final class Browser: Sendable {
  let site: Site
  let visit: Visit
  private let inbox = Mutex<[Answer]>([])
  private let arrival = DispatchSemaphore(value: 0)

  /// One answer and its parts.
  struct Answer: Sendable {
    let json: JSONValue
    let parts: [String: [UInt8]]

    var number: Int { Int(json["number"]?.number ?? -1) }
    var isDropped: Bool { json["dropped"] == .flag(true) }
    var error: String? { json["error"]?.text }
    var labels: [UInt16]? { parts["labels"].flatMap(LabelRuns.labels) }
  }

  init(_ settings: SiteSettings) {
    site = Site(settings)
    // The visit is there before it sends anything.
    let box = Box()
    visit = Visit(site, visitor: 1) { message in box.receive?(message) }
    box.receive = { [weak self] in self?.receive($0) }
  }

  private final class Box: @unchecked Sendable { var receive: ((WSMessage) -> Void)? }

  deinit {
    visit.end()
    site.end()
  }

  private func receive(_ message: WSMessage) {
    guard let answer = Self.answer(message) else { return }
    inbox.withLock { $0.append(answer) }
    arrival.signal()
  }

  private static func answer(_ message: WSMessage) -> Answer? {
    switch message {
    case .text(let text):
      return (try? JSONValue(parsing: text)).map { Answer(json: $0, parts: [:]) }
    case .data(let data):
      let bytes = Array(data)
      let length = (0..<4).reduce(0) { $0 | Int(bytes[$1]) << (8 * $1) }
      guard
        let json = try? JSONValue(
          parsing: String(decoding: bytes[4..<4 + length], as: UTF8.self)),
        case .list(let list)? = json["parts"]
      else { return nil }
      var parts: [String: [UInt8]] = [:]
      var place = 4 + length
      for part in list {
        let count = Int(part["bytes"]?.number ?? 0)
        parts[part["name"]?.text ?? ""] = Array(bytes[place..<place + count])
        place += count
      }
      return place == bytes.count ? Answer(json: json, parts: parts) : nil
    case .close: return nil
    }
  }

  /// Sends a request; its members besides `number`.
  func send(_ number: Int, _ members: KeyValuePairs<String, JSONValue?>) -> Bool {
    let known = JSONValue.object(members).members ?? []
    return visit.take(
      .text(JSONValue.object([.init("number", .number(number))] + known).compactText))
  }

  /// The next answers, until `isLast` says so; the test fails where none comes.
  func answers(until isLast: (Answer) -> Bool) throws -> [Answer] {
    var all: [Answer] = []
    while true {
      // Longer than any of these takes under a sanitizer.
      try #require(arrival.wait(timeout: .now() + 60) == .success, "no answer has come")
      let answer = inbox.withLock { $0.removeFirst() }
      all.append(answer)
      if isLast(answer) { return all }
    }
  }

  /// The answer to one request; others that come meanwhile are passed over.
  func ask(_ members: KeyValuePairs<String, JSONValue?>, number: Int = 1) throws -> Answer {
    #expect(send(number, members))
    return try #require(try answers { $0.number == number }.last)
  }

  func render(
    _ plan: Plan, image: Int = 0, factor: Int = 1, slot: Int = 0, number: Int = 1,
    update: Int? = nil, belief: Int? = nil
  ) throws -> Answer {
    try ask(
      [
        "want": .text("render"), "slot": .number(slot), "image": .number(image),
        "factor": .number(factor), "plan": plan.json, "update": update.map { .number($0) },
        "belief": belief.map { .number($0) },
      ], number: number)
  }
}
