import LatticeSupport
import Testing
import Tuning
import Unaries

/// The minimiser, the bounds and the smaller grids by themselves.
struct DescentTests {
  private final class Valley: MinimizedFunction {
    var places: [[Double]] = []
    var failsAt = Int.max
    var mostPlaces = Int.max

    struct Failure: Error {}

    /// Rosenbrock's: least at (1, 1), where it is 0.
    func evaluate(_ place: [Double]) throws -> (value: Double, gradient: [Double]) {
      failsAt -= 1
      if failsAt < 0 { throw Failure() }
      let (x, y) = (place[0], place[1])
      return (
        (1 - x) * (1 - x) + 100 * (y - x * x) * (y - x * x),
        [-2 * (1 - x) - 400 * x * (y - x * x), 200 * (y - x * x)]
      )
    }

    func accept(_ place: [Double]) -> Bool {
      places.append(place)
      return places.count < mostPlaces
    }
  }

  @Test func rosenbrocksValleyIsFollowedToItsEnd() throws {
    let valley = Valley()
    #expect(try LBFGS(iterations: 100).minimize(valley, from: [-1.2, 1]) == .converged)
    let last = try #require(valley.places.last)
    // The gradient is below 10⁻⁶, and the least curvature there 0.4.
    #expect(abs(last[0] - 1) < 1e-5 && abs(last[1] - 1) < 1e-5)
    #expect(try LBFGS(iterations: 5).minimize(Valley(), from: [-1.2, 1]) == .exhausted)
  }

  @Test func errorsEndTheRunAndComeOutOfIt() {
    for count in [0, 1, 4] {
      let valley = Valley()
      valley.failsAt = count
      #expect(throws: Valley.Failure.self) {
        try LBFGS(iterations: 100).minimize(valley, from: [-1.2, 1])
      }
    }
  }

  @Test func whoAcceptsPlacesCanStop() throws {
    let valley = Valley()
    valley.mostPlaces = 3
    #expect(try LBFGS(iterations: 100).minimize(valley, from: [-1.2, 1]) == .stopped)
    #expect(valley.places.count == 3)
  }

  @Test func boundedNumbersKeepToTheirBoundsAndHaveTheirSlopes() {
    let bounds = BoundedNumbers([-5...4, 0...1, 2...3])
    let inside = [0.3, 0.9, 2.5]
    for (back, number) in zip(bounds.bounded(bounds.free(inside)), inside) {
      #expect(abs(back - number) < 1e-14)
    }
    // At a bound, a thousandth of half the way inside.
    let moved = bounds.bounded(bounds.free([-5, 2, 3]))
    let expected = [-5 + 4.5e-3, 1 - 0.5e-3, 3 - 0.5e-3]
    for (found, number) in zip(moved, expected) { #expect(abs(found - number) < 1e-12) }
    for free in [-40.0, -3, 0, 0.7, 11] {
      let place = [free, free, free]
      let numbers = bounds.bounded(place)
      #expect((-5...4).contains(numbers[0]) && (0...1).contains(numbers[1]))
      let slopes = bounds.freeGradient([1, 1, 1], at: place)
      let (low, high) = (
        bounds.bounded(place.map { $0 - 1e-6 }), bounds.bounded(place.map { $0 + 1e-6 })
      )
      for index in 0..<3 {
        // A third derivative of at most 4, times h²; numbers up to 5 are rounded by 10⁻¹⁵, over h.
        #expect(abs(slopes[index] - (high[index] - low[index]) / 2e-6) < 4e-9)
      }
    }
  }

  @Test func blocksHaveAllPointsOnceAndTheirMiddles() throws {
    let blocks = try PointBlocks(of: GridShape(width: 7, height: 5), most: 9)
    #expect(blocks.grid == GridShape(width: 3, height: 2))
    #expect(blocks.step == 2.5 && !blocks.areSingle)
    // Columns 0…2, 3…4, 5…6 and rows 0…2, 3…4.
    let columns = blocks.means(channels: 2) { $1 == 0 ? Double($0 % 7) : Double($0 / 7) }
    #expect(columns == [1, 1, 3.5, 1, 5.5, 1, 1, 3.5, 3.5, 3.5, 5.5, 3.5])
    #expect(blocks.middles() == [8, 11, 13, 29, 32, 34])
    let single = try PointBlocks(of: GridShape(width: 7, height: 5), most: 35)
    #expect(single.areSingle && single.step == 1 && single.middles() == Array(0..<35))
    #expect(try PointBlocks(of: GridShape(width: 7, height: 5), most: nil).areSingle)
    #expect(try PointBlocks(of: GridShape(width: 100, height: 1), most: 1).grid.count == 1)
  }
}
