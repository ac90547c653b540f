import DeepLabNet
import Foundation
import LatticeSupport
import Pipeline
import ToolSupport

/// What segmentations did, for people and as JSON.
struct SegmentReport {
  private let settings: SegmentSettings
  private let network: NetworkReport

  init(_ settings: SegmentSettings, _ network: LoadedNetwork) {
    self.settings = settings
    self.network = NetworkReport(network)
  }

  // MARK: For people

  /// Labels that are named, the largest first.
  private static let shownLabels = 6

  func text(of outcome: ImageSegmentation.Outcome) -> String {
    var lines = [
      "image    \(FolderListing.name(of: outcome.job.image)): \(outcome.grid)"
        + (outcome.orientation.map { ", \($0.text(in: .ofProgram))" } ?? ""),
      network.lines,
    ]
    if let plan = settings.plan { lines += plan.lines() }
    lines.append(outcome.stopwatch.line)
    if let share = outcome.changedShare {
      lines.append(String(format: "changed  %.2f %% of the pixels, by the CRF", 100 * share))
    }
    lines.append("labels   " + labels(outcome))
    if !outcome.job.plan.outputs.isEmpty {
      lines.append("wrote    " + outcome.job.plan.outputs.joined(separator: ", "))
    }
    return lines.joined(separator: "\n")
  }

  private func labels(_ outcome: ImageSegmentation.Outcome) -> String {
    let counts = outcome.counts.enumerated().filter { $0.element > 0 }
      .sorted { $0.element > $1.element }
    let names = settings.palette.names
    let shown = counts.prefix(Self.shownLabels).map { label, count in
      let name = label < names.count && !names[label].isEmpty ? names[label] : "\(label)"
      return name
        + String(format: " %.1f %%", 100 * Double(count) / Double(outcome.grid.count))
    }
    let left = counts.count - shown.count
    return (shown + (left > 0 ? ["\(left) more"] : [])).joined(separator: ", ")
  }

  func text(of outcomes: [ImageSegmentation.Outcome], _ run: FolderRun) -> String {
    let milliseconds = outcomes.reduce(0) { $0 + $1.stopwatch.total }
    var lines = [run.summary(outcomes.count, "segmented"), network.lines]
    if let plan = settings.plan { lines += plan.lines() }
    if let turns = OrientationCounts(outcomes.compactMap(\.orientation)).line {
      lines.append(turns)
    }
    lines.append(String(format: "time     %.1f s", milliseconds / 1000))
    return lines.joined(separator: "\n")
  }

  // MARK: As JSON

  struct Parameters: Encodable {
    var network: NetworkReport
    var plan: Plan?
    var threads: Int
  }

  struct File: Encodable {
    var image: String
    var outputs: [String: String]
    /// Height and width.
    var size: [Int]
    /// Absent where the photograph is stored upright.
    var orientation: JSONOrientation?
    /// Of each label, 0 first.
    var pixels: [Int]
    /// By the CRF, 0…1.
    var changedShare: Double?
    var milliseconds: [String: Double]

    init(_ outcome: ImageSegmentation.Outcome) {
      let job = outcome.job
      image = job.image
      outputs = ["labels": job.labels, "scores": job.scores, "overlay": job.overlay]
        .compactMapValues { $0 }
      size = outcome.grid.extents
      orientation = outcome.orientation.map { JSONOrientation($0) }
      pixels = outcome.counts
      changedShare = outcome.changedShare
      milliseconds = outcome.stopwatch.named
    }
  }

  struct Single: Encodable {
    var version = Version.current
    var warnings = WarningReport.all.map(\.description)
    var parameters: Parameters
    var file: File
  }

  struct Folder: Encodable {
    var version = Version.current
    var warnings = WarningReport.all.map(\.description)
    var parameters: Parameters
    var files: [File]
    var skipped: [String]
    var failed: [FolderRun.Failure]
    /// Files beside the photographs.
    var passedOver: [String]
    /// Absent unless these are a share of a folder's photographs.
    var share: ShardReport?
  }

  private var parameters: Parameters {
    Parameters(
      network: network, plan: settings.plan?.plan,
      threads: settings.parallelism.threads)
  }

  func single(_ outcome: ImageSegmentation.Outcome) -> Single {
    Single(parameters: parameters, file: File(outcome))
  }

  func folder(_ outcomes: [ImageSegmentation.Outcome], _ run: FolderRun) -> Folder {
    Folder(
      parameters: parameters, files: outcomes.map { File($0) }, skipped: run.skipped,
      failed: run.failed, passedOver: run.passed,
      share: ShardReport(settings.shard))
  }
}
