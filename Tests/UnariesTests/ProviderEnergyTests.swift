import Foundation
import LatticeSupport
import TestSupport
import Testing
import Unaries

@Suite("Energies and probabilities")
struct ProviderEnergyTests {
  private let grid = GridShape(width: 3, height: 1)
  private let probabilities: [Float] = [1, 0, 0.25, 0.75, 0.5, 0.5]

  private func field(_ rows: [Float]) -> ChannelField {
    ChannelField(points: rows.count / 2, channels: 2, rows: rows)
  }

  @Test("probabilities mix with the uniform ones before the clip", arguments: [Float(1), 0.5])
  func mixing(scale: Float) throws {
    let energies = try EnergyField(
      grid: grid, probabilities: field(probabilities), minimumProbability: 1e-3, scale: scale)
    let expected = probabilities.map {
      -log(max(Double(scale) * Double($0) + (1 - Double(scale)) / 2, 1e-3))
    }
    // One logarithm of a float: within 2⁻²³ of values up to 7.
    #expect(largestDifference(energies.values.rows(), expected) < 1e-6)
  }

  @Test("probabilities come back from their energies")
  func roundTrip() throws {
    let energies = try EnergyField(
      grid: grid, probabilities: field(probabilities), minimumProbability: 1e-5)
    // The clipped 0 comes back as 1e-5.
    #expect(
      largestDifference(energies.probabilities().rows(), probabilities.map(Double.init)) < 1.01e-5)
  }

  @Test("labels are those of least energy, the lower of two equal ones")
  func labels() throws {
    let energies = try EnergyField(
      grid: grid, labelCount: 3, planes: [1, 0, -5, 0, 0, -6, 2, 4, -6])
    #expect(energies.labels().labels == [1, 0, 1])
    #expect(energies.labels().grid == grid)
  }

  @Test("labels and probabilities do not depend on the number of threads")
  func threads() throws {
    let scores = try RandomScores(labels: 5, extents: [150, 151])
    let energies = try ScoreMapUnary(
      scores.array(.channelsFirst), kind: .logits, layout: .channelsFirst
    ).energies(for: Scene(grid: scores.grid))
    let two = Parallelism(threads: 2)
    #expect(energies.labels(parallelism: two) == energies.labels(parallelism: .serial))
    #expect(
      energies.probabilities(parallelism: two).rows()
        == energies.probabilities(parallelism: .serial).rows())
    let expected = (0..<scores.grid.count).map { point -> UInt16 in
      let row = scores.planes.map { $0[point] }
      return UInt16(row.firstIndex(of: row.max()!)!)
    }
    #expect(energies.labels().labels == expected)
  }

  @Test("what is no probability, and parameters out of range, are refused")
  func errors() {
    func text(_ rows: [Float], minimum: Float = 1e-5, scale: Float = 1) -> String {
      errorText {
        _ = try EnergyField(
          grid: grid, probabilities: field(rows), minimumProbability: minimum, scale: scale)
      }
    }
    #expect(text([1, 0]).contains("probabilities of 1 points do not fit a grid of 3×1"))
    #expect(text([1, 0, 0.5, .nan, 1, 0]).contains("label 1 at row 0, column 1 is nan"))
    #expect(text([1, 0, 1, 0, 1, 1]).contains("row 0, column 2 sum to 2.0"))
    #expect(text(probabilities, minimum: 1).contains("the minimum probability is 1.0"))
    #expect(text(probabilities, scale: 0).contains("the scale of the probabilities is 0.0"))
    #expect(text(probabilities, scale: 1.5).contains("the scale of the probabilities is 1.5"))
  }
}
