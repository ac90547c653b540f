import Foundation
import LatticeSupport
import Pipeline
import PostFilters
import Unaries

/// Times refinements other than CRFs on scores and an image in files, for `compare_refinements`.
///
/// `refinement-bench ENERGIES IMAGE HEIGHTxWIDTH LABELS`: float32 energies, labels first, and RGB in
/// bytes. Each line of the standard input is a number of threads and a step such as
/// `2 guided:radius=8`, made once and answered with the seconds that its filter took, and those of
/// the whole step from energies to marginals. `2 copy` copies the scores instead: the least time in
/// which memory gives and takes them once.
let arguments = CommandLine.arguments
guard arguments.count == 5, let labelCount = Int(arguments[4]),
  let energies = FileManager.default.contents(atPath: arguments[1]),
  let levels = FileManager.default.contents(atPath: arguments[2])
else {
  FileHandle.standardError.write(
    Data("refinement-bench ENERGIES IMAGE HEIGHTxWIDTH LABELS\n".utf8))
  exit(2)
}
let grid = try GridShape(arguments[3].split(separator: "x").compactMap { Int($0) })
let planes = energies.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
let given = try EnergyField(grid: grid, labelCount: labelCount, planes: planes)
let scene = Scene(try Image(grid: grid, channels: 3, pixels: .bytes(Array(levels))))
let clock = ContinuousClock()

/// A field of its own, so that a filter may overwrite it.
func copy(_ field: ChannelField) -> ChannelField {
  var field = field
  field.withUnsafeMutableBufferPointer { _ in }
  return field
}

/// Seconds of copying the energies to memory that was written before.
func secondsOfCopying(threads: Int) -> Double {
  var target = copy(given.values)
  let parallelism = Parallelism(threads: threads)
  return target.withUnsafeMutableBufferPointer { target in
    given.values.withUnsafeBufferPointer { source in
      let start = clock.now
      parallelism.forEachChunk(of: source.count, grain: 1 << 16) { range in
        _ = UnsafeMutableBufferPointer(rebasing: target[range])
          .update(fromContentsOf: source[range])
      }
      return (clock.now - start) / .seconds(1)
    }
  }
}

while let line = readLine() {
  let parts = line.split(separator: " ", maxSplits: 1).map(String.init)
  if parts.count == 2, parts[1] == "copy", let threads = Int(parts[0]) {
    let seconds = secondsOfCopying(threads: threads)
    FileHandle.standardOutput.write(Data("\(seconds) \(seconds)\n".utf8))
    continue
  }
  let refinements = try PreparedPlan(Plan([parts[1]])).refinements
  guard let threads = Int(parts[0]), let filter = refinements.first as? any ScoreFilter else {
    preconditionFailure("no filter of scores: \(line)")
  }
  let parallelism = Parallelism(threads: threads)
  var seconds: [Double] = []
  do {
    let scores = copy(given.probabilities())
    let start = clock.now
    _ = try filter.filter(consume scores, over: scene, parallelism: parallelism)
    seconds.append((clock.now - start) / .seconds(1))
  }
  do {
    let energies = try EnergyField(grid: grid, values: copy(given.values))
    let start = clock.now
    _ = try filter.refine(
      consume energies, over: scene, RefinementRequest(parallelism: parallelism))
    seconds.append((clock.now - start) / .seconds(1))
  }
  FileHandle.standardOutput.write(Data("\(seconds[0]) \(seconds[1])\n".utf8))
}
