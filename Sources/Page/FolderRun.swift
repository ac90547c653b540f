import Evaluation
import Foundation
import LatticeSupport
import Pipeline

/// A plan over all images, in the background: what is looked at meanwhile goes first.
final class FolderRun: Sendable {
  private let plan: Plan
  private let site: Site
  private let report: @Sendable (KeyValuePairs<String, JSONValue?>) -> Void
  /// As `Cancellation` looks at it; its own thread alone asks.
  private nonisolated(unsafe) let flag = UnsafeMutablePointer<Int32>.allocate(capacity: 1)

  /// Seconds between looks whether somebody waits for something else.
  private static let patience = 0.02

  /// - Parameters:
  ///   - plan: with models written out.
  ///   - site: has the images.
  ///   - report: is told how far it has come, on a thread of its own.
  init(
    _ plan: Plan, of site: Site,
    report: @escaping @Sendable (KeyValuePairs<String, JSONValue?>) -> Void
  ) {
    self.plan = plan
    self.site = site
    self.report = report
    flag.initialize(to: 0)
  }

  deinit { flag.deallocate() }

  func start() {
    let thread = Thread { self.run() }
    thread.name = "folder"
    thread.stackSize = 8 << 20
    thread.start()
  }

  func cancel() { flag.pointee = 1 }

  private func run() {
    Cancellation.use(flag)
    defer { Cancellation.use(nil) }
    var counts: EvaluationCounts?
    var failures: [JSONValue] = []
    let total = site.store.images.count
    for index in 0..<total {
      while site.worker.count > 0, !Cancellation.isRequested {
        Thread.sleep(forTimeInterval: Self.patience)
      }
      if Cancellation.isRequested { return }
      let name = site.store.images[index].name
      do {
        try add(index, to: &counts)
      } catch is CallCancelled {
        return
      } catch {
        failures.append(.object(["image": .text(name), "error": .text("\(error)")]))
      }
      report([
        "done": .number(index + 1), "total": .number(total), "name": .text(name),
        "figures": counts?.json, "failures": .list(failures),
      ])
    }
  }

  private func add(_ index: Int, to sum: inout EvaluationCounts?) throws {
    let image = try site.store.read(index)
    let rendering = try Rendering(
      plan, of: image, factor: 1, context: site.context, parallelism: site.settings.parallelism)
    guard let counts = rendering.counts else { return }
    guard let known = sum else {
      sum = counts
      return
    }
    guard known.before.labelCount == counts.before.labelCount else {
      throw InputError(
        .data, at: image.name,
        "has \(counts.before.labelCount) labels, but others have \(known.before.labelCount)")
    }
    sum? += counts
  }
}
